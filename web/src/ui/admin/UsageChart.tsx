/** A measure by day as bars; the table below says the same in numbers. */
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { dayOf } from '../frame/when.ts';
import type { UsedDay } from './operation.ts';
import { barsOf, type Measure } from './usage.ts';
import { measureWords } from './UsagePart.tsx';
import { WORDS } from './words.ts';

interface UsageChartProps {
  readonly days: readonly UsedDay[];
  readonly measure: Measure;
}

/** In units of the drawing, which is stretched to its place. */
const HEIGHT = 100;
const STEP = 10;
const BAR = 7;

export function UsageChart({ days, measure }: UsageChartProps): ReactNode {
  const { t, i18n } = useTranslation(WORDS);
  const { bars, top } = barsOf(days, measure);
  const { language } = i18n;
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return null;
  const most = bars.reduce((one, other) => (other.value > one.value ? other : one));
  const said = t('usage.chartSays', {
    measure: t(`usage.measure.${measure}`),
    from: dayOf(first.day, language),
    to: dayOf(last.day, language),
    most: measureWords(measure, most.value, language),
    day: dayOf(most.day, language),
  });
  return (
    <figure className="chart">
      <span className="chart-top" aria-hidden>
        {measureWords(measure, top, language)}
      </span>
      <svg
        role="img"
        aria-label={said}
        viewBox={`0 0 ${String(bars.length * STEP)} ${String(HEIGHT)}`}
        preserveAspectRatio="none"
      >
        {bars.map(({ day, value, height }, index) => (
          <rect
            key={day}
            x={index * STEP + (STEP - BAR) / 2}
            y={HEIGHT * (1 - height)}
            width={BAR}
            height={HEIGHT * height}
          >
            <title>{`${dayOf(day, language)}: ${measureWords(measure, value, language)}`}</title>
          </rect>
        ))}
      </svg>
      <figcaption aria-hidden>
        <bdi>{dayOf(first.day, language)}</bdi>
        <bdi>{dayOf(last.day, language)}</bdi>
      </figcaption>
    </figure>
  );
}
