/** The list of a DevicePicker: open from the beginning, as it was reached for. */
import { Check, ChevronDown } from 'lucide-react';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Button, Label, ListBox, ListBoxItem, Popover, Select, SelectValue } from 'react-aria-components';
import { DEFAULT_DEVICE, type DeviceSelectProps } from './DevicePicker.tsx';

export function DeviceSelect(props: DeviceSelectProps): ReactNode {
  const { label, icon, items, selected, onChoose, onOpen, beside } = props;
  const button = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(false);
  const show = (next: boolean): void => {
    setOpen(next);
    onOpen?.(next);
  };
  useEffect(() => {
    // The list gives the focus back to where it was: to this button, not to the one that it took the place of.
    button.current?.focus();
    // eslint-disable-next-line react-hooks/set-state-in-effect -- Once, and only after the focus is there.
    show(true);
    // Only on arrival.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  return (
    <Select
      className="picker"
      value={selected}
      isOpen={isOpen}
      onOpenChange={show}
      onChange={(key) => {
        onChoose(key === DEFAULT_DEVICE || key === null ? null : String(key));
      }}
    >
      <Label className="picker-label">{label}</Label>
      <Button ref={button} className="picker-button">
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
                  {item.id !== DEFAULT_DEVICE && beside?.(item.id, item.name)}
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
