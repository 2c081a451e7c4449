/** What was used, by day: as numbers, as a chart, and as a file. */
import { Download } from 'lucide-react';
import { useCallback, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { Field, Select } from '../frame/fields.tsx';
import { Notice } from '../frame/Notice.tsx';
import { saveFile } from '../frame/saveFile.ts';
import { dayOf, sizeOf } from '../frame/when.ts';
import { never, usePolled } from '../usePolled.ts';
import type { Operation, Usage, Used } from './operation.ts';
import { csvOf, dayBefore, MEASURES, type Measure } from './usage.ts';
import { UsageChart } from './UsageChart.tsx';
import { WORDS } from './words.ts';

const DAYS = 29;

export function UsagePart({ operation }: { readonly operation: Operation }): ReactNode {
  const { t } = useTranslation(WORDS);
  const [period, setPeriod] = useState(() => {
    const to = new Date().toISOString().slice(0, 10);
    return { from: dayBefore(to, DAYS), to };
  });
  const ask = useCallback(() => operation.usage(period.from, period.to), [operation, period]);
  const { asked, again } = usePolled(ask, never);
  return (
    <>
      <div className="account-tools">
        {(['from', 'to'] as const).map((end) => (
          <Field
            key={end}
            type="date"
            label={t(`usage.${end}`)}
            value={period[end]}
            onChange={(day) => {
              if (day !== '') setPeriod({ ...period, [end]: day });
            }}
          />
        ))}
      </div>
      {asked.kind === 'asking' && <p role="status">{t('usage.loading')}</p>}
      {asked.kind === 'failed' && <Notice status={asked.status} onRetry={again} />}
      {asked.kind === 'known' && <Known usage={asked.value} />}
    </>
  );
}

function Known({ usage }: { readonly usage: Usage }): ReactNode {
  const { t, i18n } = useTranslation(WORDS);
  const [measure, setMeasure] = useState<Measure>('participantMinutes');
  const { limits, liveMeetings } = usage;
  return (
    <>
      <p className="card-facts">
        {limits.liveMeetings !== null && (
          <span>{t('usage.limitLive', { now: liveMeetings ?? 0, most: limits.liveMeetings })}</span>
        )}
        {limits.participantsPerMeeting !== null && (
          <span>{t('usage.limitPeople', { most: limits.participantsPerMeeting })}</span>
        )}
      </p>
      <div className="account-tools">
        <Select
          label={t('usage.chart')}
          value={measure}
          options={MEASURES.map((id) => ({ id, name: t(`usage.measure.${id}`) }))}
          onChange={(id) => {
            setMeasure(id as Measure);
          }}
        />
        <Button
          className="button"
          onPress={() => {
            saveFile(
              `parley-usage-${usage.from}-${usage.to}.csv`,
              'text/csv;charset=utf-8',
              csvOf(usage.days),
            );
          }}
        >
          <Download aria-hidden /> {t('usage.download')}
        </Button>
      </div>
      <UsageChart days={usage.days} measure={measure} />
      {/* The numbers of the chart, so that it needs no other words; it moves sideways where it is narrow. */}
      <div className="table-scroll" role="region" aria-label={t('usage.table')} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('usage.day')}</th>
              {MEASURES.map((one) => (
                <th scope="col" key={one}>
                  {t(`usage.measure.${one}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {usage.days.toReversed().map((day) => (
              <Row key={day.day} name={dayOf(day.day, i18n.language)} used={day} />
            ))}
          </tbody>
          <tfoot>
            <Row name={t('usage.total')} used={usage.total} />
          </tfoot>
        </table>
      </div>
    </>
  );
}

function Row({ name, used }: { readonly name: string; readonly used: Used }): ReactNode {
  const { i18n } = useTranslation(WORDS);
  return (
    <tr>
      <th scope="row">
        <bdi>{name}</bdi>
      </th>
      {MEASURES.map((measure) => (
        <td key={measure}>
          <bdi>{measureWords(measure, used[measure], i18n.language)}</bdi>
        </td>
      ))}
    </tr>
  );
}

/** A tenth where it shows: half a minute is not nothing. */
export function measureWords(measure: Measure, value: number, language: string): string {
  if (measure === 'egressBytes') return sizeOf(value, language);
  return new Intl.NumberFormat(language, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}
