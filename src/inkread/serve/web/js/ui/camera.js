/** Opens cameras and says in words why one cannot be opened. */
import { cameraWords } from "../state/words.js";

/** There is no camera picture, with words for why. */
export class CameraFailed extends Error {
  /** @param {import("../state/words.js").Words} words */
  constructor(words) {
    super(words.title);
    this.words = words;
  }
}

/**
 * The picture of a camera; of the one that looks away from the user where there is a choice.
 *
 * @param {string | null} id of the camera, or null
 * @param {{width: number, height: number}} ideal
 * @returns {Promise<MediaStream>}
 */
export async function openCamera(id, ideal) {
  if (!navigator.mediaDevices) throw new CameraFailed(cameraWords("", window.isSecureContext));
  const which = id ? { deviceId: { exact: id } } : { facingMode: { ideal: "environment" } };
  try {
    return await navigator.mediaDevices.getUserMedia({
      video: { ...which, width: { ideal: ideal.width }, height: { ideal: ideal.height } },
      audio: false,
    });
  } catch (error) {
    throw new CameraFailed(cameraWords(error instanceof Error ? error.name : "", window.isSecureContext));
  }
}

/** @param {MediaStream | null} stream */
export function closeCamera(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/**
 * The cameras there are; their names are known once one has been allowed.
 *
 * @returns {Promise<{id: string, name: string}[]>}
 */
export async function cameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices
    .filter((device) => device.kind === "videoinput")
    .map((device, index) => ({ id: device.deviceId, name: device.label || `Camera ${index + 1}` }));
}

/**
 * Shows a stream and waits for its first picture.
 *
 * @param {HTMLVideoElement} video
 * @param {MediaStream} stream
 */
export async function showStream(video, stream) {
  video.srcObject = stream;
  await video.play();
  if (!video.videoWidth)
    await new Promise((resolve) => video.addEventListener("loadedmetadata", resolve, { once: true }));
}
