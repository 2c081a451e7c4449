/** A tab that somebody shares: one colour all over, a film in it when it is to move, and a tone when it is to sound. */
import type { Browser, Page } from 'playwright-core';

declare global {
  interface Window {
    isPlaying: boolean;
  }
}

export class ShownTab {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** The browser has to share the tab of this title by itself. */
  static async open(browser: Browser, title: string): Promise<ShownTab> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
    await page.setContent(`<title>${title}</title><canvas width="1280" height="700"></canvas>`);
    await page.evaluate(drawWhilePlaying);
    return new ShownTab(page);
  }

  async play(isPlaying: boolean): Promise<void> {
    await this.page.evaluate((now) => {
      window.isPlaying = now;
    }, isPlaying);
  }

  async paint(colour: string): Promise<void> {
    await this.page.evaluate((now) => {
      document.body.style.background = now;
    }, colour);
  }

  async sound(): Promise<void> {
    await this.page.evaluate(() => {
      const context = new AudioContext();
      const tone = context.createOscillator();
      tone.connect(context.destination);
      tone.start();
    });
  }
}

/** Runs in the page. */
function drawWhilePlaying(): void {
  const canvas = document.querySelector('canvas')?.getContext('2d');
  let frame = 0;
  const draw = (): void => {
    frame += 1;
    if (window.isPlaying && canvas != null) {
      for (let x = 0; x < 640; x += 40) {
        canvas.fillStyle = `hsl(${String((frame * 17 + x) % 360)} 80% ${String(20 + ((frame * 7 + x) % 60))}%)`;
        canvas.fillRect(x, 0, 40, 400);
      }
    }
    requestAnimationFrame(draw);
  };
  draw();
}
