/** Which browser this is, as far as its menus have words of their own. Pure. */
export type BrowserFamily = 'chrome' | 'edge' | 'firefox' | 'safari' | 'other';

/** @see https://developer.mozilla.org/docs/Web/HTTP/Guides/Browser_detection_using_the_user_agent */
export function browserFamily(userAgent: string): BrowserFamily {
  if (/\bEdg(e|A|iOS)?\//.test(userAgent)) return 'edge';
  if (/\b(OPR|SamsungBrowser|Vivaldi|YaBrowser)\//.test(userAgent)) return 'other';
  if (/\b(Firefox|FxiOS)\//.test(userAgent)) return 'firefox';
  if (/\b(Chrome|Chromium|CriOS|HeadlessChrome)\//.test(userAgent)) return 'chrome';
  if (/\bSafari\//.test(userAgent)) return 'safari';
  return 'other';
}

/**
 * Whether a second microphone would silence the first: so it is with WebKit, which is Safari, and every browser of an
 * iPhone or iPad. On Macs it is not since the end of 2025.
 *
 * @see https://bugs.webkit.org/show_bug.cgi?id=179363
 * @see https://bugs.webkit.org/show_bug.cgi?id=301870
 */
export function hearsOneMicrophone(userAgent: string): boolean {
  return browserFamily(userAgent) === 'safari' || /\b(iPhone|iPad|iPod|CriOS|FxiOS|EdgiOS)\b/.test(userAgent);
}
