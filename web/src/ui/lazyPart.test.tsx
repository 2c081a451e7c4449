// @vitest-environment jsdom
import { render, screen } from '@testing-library/react';
import { Suspense, type ReactNode } from 'react';
import { describe, expect, it, vi } from 'vitest';
import { lazyPart } from './lazyPart.tsx';
import { stubPage } from './testing/page.ts';

stubPage();

describe('a part that is loaded late', () => {
  it('is shown once it is there', async () => {
    const Part = lazyPart<object>(() => Promise.resolve({ default: () => <p>Here</p> }));
    render(
      <Suspense fallback={null}>
        <Part />
      </Suspense>,
    );
    expect(await screen.findByText('Here')).toBeDefined();
  });

  it('is shown at once when it was loaded ahead', async () => {
    const Part = lazyPart<object>(() => Promise.resolve({ default: () => <p>Here</p> }));
    await Part.load();
    render(<Part />);
    expect(screen.getByText('Here')).toBeDefined();
  });

  it('is asked for again when it could not be loaded ahead', async () => {
    const load = vi
      .fn<() => Promise<{ default: () => ReactNode }>>()
      .mockRejectedValueOnce(new TypeError('Failed to fetch'))
      .mockResolvedValueOnce({ default: () => <p>Here</p> });
    const Part = lazyPart<object>(load);
    await Part.load();
    render(
      <Suspense fallback={null}>
        <Part />
      </Suspense>,
    );
    expect(await screen.findByText('Here')).toBeDefined();
  });

  it('leaves the rest of the page whole when it cannot be loaded, and says so', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const Part = lazyPart<object>(() => Promise.reject(new TypeError('Failed to fetch')));
    render(
      <Suspense fallback={null}>
        <p>The meeting</p>
        <Part />
      </Suspense>,
    );
    expect((await screen.findByRole('alert')).textContent).toMatch(/could not be loaded/);
    expect(screen.getByText('The meeting')).toBeDefined();
    expect(warn).toHaveBeenCalledOnce();
  });
});
