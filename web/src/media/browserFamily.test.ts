import { describe, expect, it } from 'vitest';
import { browserFamily } from './browserFamily.ts';

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
