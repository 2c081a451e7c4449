import '../styles/network.css';
/** How well this network carries a meeting: the verdict in plain words first, then the figures of each region. */
import { CircleCheck, CircleDashed, CircleX, Gauge, LoaderCircle, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button, ProgressBar } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type {
  ConnectionReport,
  DirectionReport,
  Grade,
  LinkReport,
  Reach,
  RegionReport,
} from '../../meeting/index.ts';
import { Wordmark } from '../components/Wordmark.tsx';
import { useTitle } from '../useTitle.ts';
import { useConnectionTest, type RunTest } from './useConnectionTest.ts';
import { useFigures } from './useFigures.ts';
import { WORDS } from './words.ts';

interface ConnectionTestPageProps {
  readonly apiUrl: string;
  readonly onHome: () => void;
  /** Where somebody came from a meeting's door. */
  readonly onBack?: (() => void) | undefined;
  readonly run?: RunTest;
}

export function ConnectionTestPage({ apiUrl, onHome, onBack, run }: ConnectionTestPageProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const { report, isRunning, again, stop } = useConnectionTest(apiUrl, run);
  useTitle(t('test.title'));
  return (
    <main className="network">
      <div className="network-head">
        <Wordmark />
        <Button className="button quiet" onPress={onBack ?? onHome}>
          {t(onBack === undefined ? 'test.home' : 'test.back')}
        </Button>
      </div>
      <h1>{t('test.title')}</h1>
      <p className="lead">{t('test.lead')}</p>
      <div className="network-verdict" aria-live="polite">
        <Outcome report={report} isRunning={isRunning} />
      </div>
      <div className="actions">
        <Button className={`button ${isRunning ? '' : 'primary'}`} onPress={isRunning ? stop : again}>
          {t(isRunning ? 'test.stop' : 'test.again')}
        </Button>
      </div>
      {report !== null && report.regions.length > 0 && <Regions report={report} />}
    </main>
  );
}

const GRADE_ICONS: Readonly<Record<Grade, ReactNode>> = {
  good: <CircleCheck aria-hidden />,
  fair: <Gauge aria-hidden />,
  poor: <TriangleAlert aria-hidden />,
  blocked: <CircleX aria-hidden />,
  unknown: <CircleDashed aria-hidden />,
};

interface OutcomeProps {
  readonly report: ConnectionReport | null;
  readonly isRunning: boolean;
}

function Outcome({ report, isRunning }: OutcomeProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const verdict = report?.verdict ?? null;
  if (verdict === null) {
    if (!isRunning) return <p>{t('test.stopped')}</p>;
    return <Progress stage={report?.stage ?? 'asking'} done={report?.progress ?? 0} />;
  }
  return (
    <div className={`grade ${verdict.grade}`}>
      <h2>
        {GRADE_ICONS[verdict.grade]} {t(`test.grade.${verdict.grade}`)}
      </h2>
      {verdict.findings.length === 0 ? (
        <p>{t('test.fine')}</p>
      ) : (
        <ul>
          {verdict.findings.map((finding) => (
            <li key={finding}>{t(`test.finding.${finding}`)}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

interface ProgressProps {
  readonly stage: ConnectionReport['stage'];
  readonly done: number;
}

function Progress({ stage, done }: ProgressProps): ReactNode {
  const { t } = useTranslation(WORDS);
  return (
    <div className="network-progress">
      <p>{t(`test.stage.${stage}`)}</p>
      <ProgressBar aria-label={t('test.progress')} value={Math.round(done * 100)}>
        <div className="bar" style={{ '--done': done } as React.CSSProperties} />
      </ProgressBar>
    </div>
  );
}

function Regions({ report }: { readonly report: ConnectionReport }): ReactNode {
  const { t } = useTranslation(WORDS);
  const measured = report.regions.find(({ link }) => link !== null);
  return (
    <>
      {measured?.link != null && <Link link={measured.link} region={measured.region} />}
      <section aria-labelledby="network-regions">
        <h2 id="network-regions">{t('test.regions')}</h2>
        <div className="network-table" role="group" aria-labelledby="network-regions" tabIndex={0}>
          <table>
            <thead>
              <tr>
                {(['region', 'rtt', 'socket', 'udp', 'tcp'] as const).map((column) => (
                  <th key={column} scope="col">
                    {t(`test.${column}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {report.regions.map((region) => (
                <RegionRow key={region.region} region={region} />
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </>
  );
}

function RegionRow({ region }: { readonly region: RegionReport }): ReactNode {
  const { t } = useTranslation(WORDS);
  const figures = useFigures();
  return (
    <tr>
      <th scope="row" dir="auto">
        {region.region} {region.isHome && <span className="home-mark">{t('test.home_region')}</span>}
      </th>
      {region.isAway ? (
        <td colSpan={4}>{t('test.away')}</td>
      ) : (
        <>
          <td>
            <bdi>{figures.milliseconds(region.rttMs)}</bdi>
          </td>
          {([region.socket, region.udp, region.tcp] as const).map((reach, index) => (
            <td key={index}>
              <ReachMark reach={reach} />
            </td>
          ))}
        </>
      )}
    </tr>
  );
}

const REACH_ICONS: Readonly<Record<Reach, ReactNode>> = {
  untested: <CircleDashed aria-hidden />,
  testing: <LoaderCircle aria-hidden />,
  works: <CircleCheck aria-hidden />,
  blocked: <CircleX aria-hidden />,
};

function ReachMark({ reach }: { readonly reach: Reach }): ReactNode {
  const { t } = useTranslation(WORDS);
  return (
    <span className={`reach ${reach}`}>
      {REACH_ICONS[reach]} {t(`test.reach.${reach}`)}
    </span>
  );
}

function Link({ link, region }: { readonly link: LinkReport; readonly region: string }): ReactNode {
  const { t } = useTranslation(WORDS);
  const figures = useFigures();
  const rate = ({ bps, isAtLeast }: DirectionReport): string => {
    const value = figures.rate(bps);
    return isAtLeast ? t('test.atLeast', { value }) : value;
  };
  const rows = [
    [t('test.up'), rate(link.up)],
    [t('test.down'), rate(link.down)],
    [t('test.rtt'), figures.milliseconds(link.rttMs)],
    [t('test.upLoss'), figures.percent(link.up.loss)],
    [t('test.downLoss'), figures.percent(link.down.loss)],
    [t('test.upJitter'), figures.milliseconds(link.up.jitterMs)],
    [t('test.downJitter'), figures.milliseconds(link.down.jitterMs)],
  ];
  return (
    <section aria-labelledby="network-link">
      <h2 id="network-link">{t('test.nearest', { region })}</h2>
      <p className="lead">{t('test.measuredOver', { protocol: link.over.toUpperCase() })}</p>
      <dl className="network-figures">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <bdi>{value}</bdi>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
