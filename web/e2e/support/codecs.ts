/** Browsers that encode or decode other than the one at hand. Each runs in the page, before it joins. */

/** An encoder for H.264 that is said to be a chip. */
export function pretendChip(): void {
  const real = navigator.mediaCapabilities.encodingInfo.bind(navigator.mediaCapabilities);
  navigator.mediaCapabilities.encodingInfo = async (asked) => {
    const info = await real(asked);
    return asked.video?.contentType === 'video/H264'
      ? { ...info, supported: true, smooth: true, powerEfficient: true }
      : info;
  };
}

/** No decoder for H.264, as in a Firefox that has not loaded its plugin. */
export function withoutDecoder(): void {
  const capabilities = RTCRtpReceiver.getCapabilities.bind(RTCRtpReceiver);
  RTCRtpReceiver.getCapabilities = (kind) => {
    const all = capabilities(kind);
    return all === null
      ? null
      : { ...all, codecs: all.codecs.filter(({ mimeType }) => mimeType !== 'video/H264') };
  };
}
