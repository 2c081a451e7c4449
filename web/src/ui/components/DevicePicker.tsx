/** Which microphone, camera or speaker: a button with its name, and a list once somebody reaches for it. */
import { ChevronDown } from 'lucide-react';
import { Suspense, useId, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { DeviceInfo } from '../../meeting/index.ts';
import { lazyPart } from '../lazyPart.tsx';

export interface DevicePickerProps {
  readonly label: string;
  readonly icon: ReactNode;
  readonly devices: readonly DeviceInfo[];
  readonly chosen: string | null;
  readonly onChoose: (id: string | null) => void;
  readonly onOpen?: (isOpen: boolean) => void;
  /** Beside the name of a device in the open list. */
  readonly beside?: (id: string, name: string) => ReactNode;
}

export interface DeviceItem {
  readonly id: string;
  readonly name: string;
}

export interface DeviceSelectProps extends Pick<
  DevicePickerProps,
  'label' | 'icon' | 'onChoose' | 'onOpen' | 'beside'
> {
  readonly items: readonly DeviceItem[];
  /** The id of one of them. */
  readonly selected: string;
}

export const DEFAULT_DEVICE = 'default';

/** Lists cost a third of the time in which the join page can be used, and few people open one. */
export const DeviceSelect = lazyPart(async () => ({
  default: (await import('./DeviceSelect.tsx')).DeviceSelect,
}));

export function DevicePicker({ devices, chosen, ...others }: DevicePickerProps): ReactNode {
  const { t } = useTranslation();
  const [isReachedFor, setReachedFor] = useState(false);
  // Chromium lists the default a second time under this id.
  const own = devices.filter(({ id }) => id !== DEFAULT_DEVICE);
  const items = [
    { id: DEFAULT_DEVICE, name: t('devices.default') },
    ...own.map(({ id, label: name }, index) => ({
      id,
      name: name === '' ? t('devices.unnamed', { index: index + 1 }) : name,
    })),
  ];
  const selected = items.find(({ id }) => id === chosen) ?? items[0];
  if (selected === undefined) return null;
  const closed = (
    <ClosedPicker
      {...others}
      value={selected.name}
      onReach={() => {
        setReachedFor(true);
      }}
    />
  );
  if (!isReachedFor) return closed;
  return (
    <Suspense fallback={closed}>
      <DeviceSelect {...others} items={items} selected={selected.id} />
    </Suspense>
  );
}

interface ClosedPickerProps extends Pick<DevicePickerProps, 'label' | 'icon'> {
  readonly value: string;
  readonly onReach: () => void;
}

/** Looks, is named and is opened as the list that takes its place. */
function ClosedPicker({ label, icon, value, onReach }: ClosedPickerProps): ReactNode {
  const id = useId();
  const prepare = (): void => void DeviceSelect.load();
  return (
    <div className="picker">
      <span className="picker-label" id={`${id}label`}>
        {label}
      </span>
      <button
        type="button"
        className="picker-button"
        aria-haspopup="listbox"
        aria-expanded={false}
        aria-labelledby={`${id}value ${id}label`}
        onClick={onReach}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
          event.preventDefault();
          onReach();
        }}
        onPointerEnter={prepare}
        onFocus={prepare}
      >
        {icon}
        <span className="picker-value" id={`${id}value`}>
          {value}
        </span>
        <ChevronDown aria-hidden className="picker-arrow" />
      </button>
    </div>
  );
}
