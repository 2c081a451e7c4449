import '../styles/admin.css';
/** The administration: what goes on in a whole installation, for the people who operate it. */
import { useMemo, type ComponentType, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Notice } from '../frame/Notice.tsx';
import { PageFrame, type Around } from '../frame/PageFrame.tsx';
import { PageLink } from '../frame/PageLink.tsx';
import { ADMIN_PARTS, type AdminPart } from '../route.ts';
import { Keys } from './Keys.tsx';
import { LiveMeetings } from './LiveMeetings.tsx';
import { Nodes } from './Nodes.tsx';
import { operation, type Operation } from './operation.ts';
import { AllRecordings } from './AllRecordings.tsx';
import { UsagePart } from './UsagePart.tsx';
import { Webhooks } from './Webhooks.tsx';
import { WORDS } from './words.ts';

const PARTS: Readonly<Record<AdminPart, ComponentType<{ readonly operation: Operation }>>> = {
  meetings: LiveMeetings,
  nodes: Nodes,
  recordings: AllRecordings,
  webhooks: Webhooks,
  keys: Keys,
  usage: UsagePart,
};

export function AdminPage({ part, ...around }: Around & { readonly part: AdminPart }): ReactNode {
  const { t } = useTranslation(WORDS);
  const calls = useMemo(() => operation(around.account.api), [around.account]);
  const Part = PARTS[part];
  return (
    <PageFrame {...around} title={t('title')} current="admin">
      {(me) =>
        me.operator === true ? (
          <>
            <nav aria-label={t('parts')} className="account-ways admin-parts">
              {ADMIN_PARTS.map((one) => (
                <PageLink
                  key={one}
                  to={{ kind: 'admin', part: one }}
                  onGo={around.onGo}
                  isCurrent={one === part}
                >
                  {t(`part.${one}`)}
                </PageLink>
              ))}
            </nav>
            <section className="account-section" aria-labelledby="admin-part">
              <h2 id="admin-part">{t(`part.${part}`)}</h2>
              <Part operation={calls} />
            </section>
          </>
        ) : (
          <Notice status={403} />
        )
      }
    </PageFrame>
  );
}
