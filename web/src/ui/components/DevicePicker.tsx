import { Check, ChevronDown } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button, Label, ListBox, ListBoxItem, Popover, Select, SelectValue } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { DeviceInfo } from '../../meeting/index.ts';

interface DevicePickerProps {
  readonly label: string;
  readonly icon: ReactNode;
  readonly devices: readonly DeviceInfo[];
  readonly chosen: string | null;
  readonly onChoose: (id: string | null) => void;
  readonly onOpen?: (isOpen: boolean) => void;
  /** Beside the name of a device in the open list. */
  readonly beside?: (id: string, name: string) => ReactNode;
}

const DEFAULT = 'default';

export function DevicePicker(props: DevicePickerProps): ReactNode {
  const { label, icon, devices, chosen, onChoose, onOpen, beside } = props;
  const { t } = useTranslation();
  // Chromium lists the default a second time under this id.
  const own = devices.filter(({ id }) => id !== DEFAULT);
  const items = [
    { id: DEFAULT, name: t('devices.default') },
    ...own.map(({ id, label: name }, index) => ({
      id,
      name: name === '' ? t('devices.unnamed', { index: index + 1 }) : name,
    })),
  ];
  const selected = own.some(({ id }) => id === chosen) ? chosen : DEFAULT;
  return (
    <Select
      className="picker"
      value={selected}
      {...(onOpen === undefined ? {} : { onOpenChange: onOpen })}
      onChange={(key) => {
        onChoose(key === DEFAULT || key === null ? null : String(key));
      }}
    >
      <Label>{label}</Label>
      <Button className="picker-button">
        {icon}
        <SelectValue className="picker-value" />
        <ChevronDown aria-hidden className="picker-arrow" />
      </Button>
      <Popover className="popover" offset={6}>
        <ListBox items={items} className="listbox">
          {(item) => (
            <ListBoxItem textValue={item.name} className="listbox-item">
              {({ isSelected }) => (
                <>
                  <span>{item.name}</span>
                  {item.id !== DEFAULT && beside?.(item.id, item.name)}
                  {isSelected && <Check aria-hidden />}
                </>
              )}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}
