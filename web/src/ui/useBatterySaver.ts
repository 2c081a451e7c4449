/** Spares the battery: when the person says so, and by itself while it is low and nothing charges it. */
import { useEffect, useState } from 'react';
import type { MeetingClient } from '../meeting/index.ts';
import { useSettings } from './settings.ts';

/** As phones begin to warn. */
const LOW = 0.2;

/** In Chromium. */
interface Battery extends EventTarget {
  readonly level: number;
  readonly charging: boolean;
}

export function useBatterySaver(meeting: MeetingClient): void {
  const isWanted = useSettings((settings) => settings.savesBattery);
  const isLow = useLowBattery();
  const isOn = isWanted || isLow;
  useEffect(() => {
    meeting.setBatterySaver(isOn);
    // base.css holds everything still that only moves to please.
    document.documentElement.toggleAttribute('data-calm', isOn);
    return () => {
      document.documentElement.removeAttribute('data-calm');
    };
  }, [meeting, isOn]);
}

function useLowBattery(): boolean {
  const [isLow, setLow] = useState(false);
  useEffect(() => {
    const ending = new AbortController();
    const watch = async (): Promise<void> => {
      const battery = await batteryOf(navigator);
      if (battery === null || ending.signal.aborted) return;
      const look = (): void => {
        setLow(battery.level <= LOW && !battery.charging);
      };
      look();
      for (const name of ['levelchange', 'chargingchange']) {
        battery.addEventListener(name, look, { signal: ending.signal });
      }
    };
    void watch();
    return () => {
      ending.abort();
    };
  }, []);
  return isLow;
}

/** Null where a browser does not tell: most of them do not. */
async function batteryOf(browser: object): Promise<Battery | null> {
  const { getBattery } = browser as { readonly getBattery?: () => Promise<Battery> };
  if (getBattery === undefined) return null;
  try {
    return await getBattery.call(browser);
  } catch {
    // A permissions policy may forbid it.
    return null;
  }
}
