import type { ReactNode } from 'react';
import { PageFrame, type Around } from '../frame/PageFrame.tsx';
import type { AdminPart } from '../route.ts';

export function AdminPage({ part, ...around }: Around & { readonly part: AdminPart }): ReactNode {
  return (
    <PageFrame {...around} title={part} current="admin">
      {() => null}
    </PageFrame>
  );
}
