/**
 * The meeting in a small window that stays on top: a window of the page's own where the browser has one (Chromium), else
 * the picture of whoever speaks in the browser's.
 *
 * Owns which of them is open. Source: https://wicg.github.io/document-picture-in-picture/
 */
import { create } from 'zustand';

/** TypeScript's DOM types do not have it yet. */
interface DocumentPictureInPicture {
  requestWindow(options: { readonly width: number; readonly height: number }): Promise<Window>;
}

const SIZE = { width: 400, height: 320 };

interface PictureInPicture {
  readonly isSupported: boolean;
  readonly isOpen: boolean;
  /** The window of the page's own; null where the browser shows a picture alone, or nothing is open. */
  readonly window: Window | null;
  readonly open: () => Promise<void>;
  readonly close: () => void;
  readonly toggle: () => void;
}

export const usePictureInPicture = create<PictureInPicture>((set, get) => ({
  isSupported: ownWindows() !== null || hasVideoWindows(),
  isOpen: false,
  window: null,
  open: async () => {
    if (get().isOpen) return;
    const own = ownWindows();
    if (own === null) {
      await openVideo(set);
      return;
    }
    const opened = await own.requestWindow(SIZE);
    dress(opened.document);
    opened.addEventListener('pagehide', () => {
      set({ isOpen: false, window: null });
    });
    set({ isOpen: true, window: opened });
  },
  close: () => {
    get().window?.close();
    if (document.pictureInPictureElement != null) void document.exitPictureInPicture();
  },
  toggle: () => {
    const { isOpen, open, close } = get();
    if (isOpen) close();
    else
      open().catch(() => {
        onFailure();
      });
  },
}));

let onFailure = (): void => undefined;

/** Who says that it did not open. */
export function onPictureInPictureFailure(tell: () => void): void {
  onFailure = tell;
}

/** A page within another site's gets none. */
function ownWindows(): DocumentPictureInPicture | null {
  if (window.parent !== window) return null;
  const page = globalThis as { readonly documentPictureInPicture?: DocumentPictureInPicture };
  return page.documentPictureInPicture ?? null;
}

/** Firefox has a button of its own on pictures, and no call. */
function hasVideoWindows(): boolean {
  return (document as { readonly pictureInPictureEnabled?: boolean }).pictureInPictureEnabled === true;
}

async function openVideo(set: (state: Partial<PictureInPicture>) => void): Promise<void> {
  const video = largestVideo();
  if (video === null) throw new Error('no picture is shown');
  await video.requestPictureInPicture();
  video.addEventListener(
    'leavepictureinpicture',
    () => {
      set({ isOpen: false });
    },
    { once: true },
  );
  set({ isOpen: true });
}

/** Of others: oneself is what one sees anyway. */
function largestVideo(): HTMLVideoElement | null {
  const videos = [...document.querySelectorAll<HTMLVideoElement>('.stage video:not(.mirrored)')];
  const area = ({ clientWidth, clientHeight }: HTMLVideoElement): number => clientWidth * clientHeight;
  return videos.sort((a, b) => area(b) - area(a))[0] ?? null;
}

/** The same styles, language, direction and colours as the page; nothing is loaded from elsewhere. */
function dress(target: Document): void {
  const { lang, dir, className, style } = document.documentElement;
  Object.assign(target.documentElement, { lang, dir, className });
  target.documentElement.style.cssText = style.cssText;
  for (const [name, value] of Object.entries(document.documentElement.dataset)) {
    target.documentElement.dataset[name] = value ?? '';
  }
  for (const sheet of document.querySelectorAll('link[rel="stylesheet"], style')) {
    target.head.append(target.importNode(sheet, true));
  }
  target.title = document.title;
}
