// @vitest-environment jsdom
import { fireEvent, render, screen } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { aTrack, stubPage } from '../testing/page.ts';
import { Video } from './Video.tsx';

stubPage();

const element = (): HTMLVideoElement => screen.getByLabelText('Ada');

it('begins by itself, and with the next tap where Safari spares the battery', () => {
  const play = vi
    .spyOn(HTMLMediaElement.prototype, 'play')
    .mockRejectedValueOnce(new DOMException('tap first', 'NotAllowedError'))
    .mockResolvedValue();
  render(<Video track={aTrack('video')} label="Ada" />);
  expect(play).toHaveBeenCalledOnce();
  // With it, Safari would lay a button over a picture that may not begin.
  expect(element().autoplay).toBe(false);
  fireEvent.click(document.body);
  expect(play).toHaveBeenCalledTimes(2);
});

it('goes on after a phone call has stopped it, until it is gone', () => {
  const play = vi.spyOn(HTMLMediaElement.prototype, 'play').mockResolvedValue();
  const { unmount } = render(<Video track={aTrack('video')} label="Ada" />);
  const video = element();
  fireEvent.pause(video);
  expect(play).toHaveBeenCalledTimes(2);
  unmount();
  fireEvent.pause(video);
  fireEvent.click(document.body);
  expect(play).toHaveBeenCalledTimes(2);
});

it('leaves a picture alone that plays', () => {
  const play = vi.spyOn(HTMLMediaElement.prototype, 'play').mockResolvedValue();
  render(<Video track={aTrack('video')} label="Ada" />);
  vi.spyOn(element(), 'paused', 'get').mockReturnValue(false);
  fireEvent.click(document.body);
  expect(play).toHaveBeenCalledOnce();
});
