import { describe, expect, it } from 'vitest';
import { browserFamily, hearsOneMicrophone } from './browserFamily.ts';

const KIT = 'AppleWebKit/537.36 (KHTML, like Gecko)';

describe('browserFamily', () => {
  it.each([
    [`Mozilla/5.0 (X11; Linux x86_64) ${KIT} Chrome/140.0.0.0 Safari/537.36`, 'chrome'],
    [`Mozilla/5.0 (Windows NT 10.0) ${KIT} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0`, 'edge'],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'firefox'],
    [
      'Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
      'safari',
    ],
    [`Mozilla/5.0 (X11) ${KIT} Chrome/140.0.0.0 Safari/537.36 OPR/120.0`, 'other'],
    ['', 'other'],
  ])('knows %s', (userAgent, family) => {
    expect(browserFamily(userAgent)).toBe(family);
  });
});

describe('hearsOneMicrophone', () => {
  const APPLE = 'AppleWebKit/605.1.15 (KHTML, like Gecko)';

  it.each([
    ['Safari', `Mozilla/5.0 (Macintosh) ${APPLE} Version/26.0 Safari/605.1.15`],
    [
      'Chrome on an iPhone',
      `Mozilla/5.0 (iPhone; CPU iPhone OS 18_7) ${APPLE} CriOS/140.0 Mobile Safari/604.1`,
    ],
    [
      'Firefox on an iPad that passes for a Mac',
      `Mozilla/5.0 (Macintosh) ${APPLE} FxiOS/140.0 Safari/605.1.15`,
    ],
  ])('is so of %s', (_, userAgent) => {
    expect(hearsOneMicrophone(userAgent)).toBe(true);
  });

  it.each([
    `Mozilla/5.0 (Macintosh) ${KIT} Chrome/140.0.0.0 Safari/537.36`,
    'Mozilla/5.0 (Macintosh; rv:140.0) Gecko/20100101 Firefox/140.0',
  ])('is not so of %s', (userAgent) => {
    expect(hearsOneMicrophone(userAgent)).toBe(false);
  });
});
