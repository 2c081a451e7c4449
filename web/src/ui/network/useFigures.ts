/** Numbers of networks as the chosen language writes them, with their unit; a dash for what is not known. */
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { WORDS } from './words.ts';

export interface Figures {
  readonly rate: (bps: number | null) => string;
  readonly milliseconds: (ms: number | null) => string;
  /** Of a share from 0 to 1. */
  readonly percent: (share: number | null) => string;
}

export function useFigures(): Figures {
  const { t, i18n } = useTranslation(WORDS);
  const { language } = i18n;
  return useMemo(() => {
    const write = (value: number, digits: number): string =>
      new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
    const known = <Value>(value: Value | null, format: (value: Value) => string): string =>
      value === null ? t('unit.unknown') : format(value);
    return {
      rate: (bps) =>
        known(bps, (value) =>
          value >= 1_000_000
            ? t('unit.mbps', { value: write(value / 1_000_000, 1) })
            : t('unit.kbps', { value: write(value / 1_000, 0) }),
        ),
      milliseconds: (ms) => known(ms, (value) => t('unit.ms', { value: write(value, value < 10 ? 1 : 0) })),
      percent: (share) => known(share, (value) => t('unit.percent', { value: write(value * 100, 1) })),
    };
  }, [language, t]);
}
