/** Names the tab after the meeting while the page is shown. */
import { useEffect } from 'react';

const BRAND = 'Parley';

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · ${BRAND}`;
    return () => {
      document.title = BRAND;
    };
  }, [title]);
}
