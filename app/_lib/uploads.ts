"use client";

import { useSyncExternalStore } from "react";
import { sendFile } from "./send-file.ts";

/**
 *   sending      bytes move
 *   interrupted  the connection broke off, and this tab tries again by itself; `problem` says why
 *   paused       by the user
 *   ended        without all of it; `problem` says why
 */
export interface Upload {
	readonly state: "sending" | "interrupted" | "paused" | "ended";
	readonly sentBytes: number;
	readonly totalBytes: number;
	readonly problem: string | null;
}

interface Kept {
	readonly upload: Upload;
	/** The browser forgets them when the page is reloaded. */
	readonly files: readonly File[];
	readonly abort: AbortController;
}

const uploads = new Map<string, Kept>();
const listeners = new Set<() => void>();

function keep(snapshot: string, kept: Kept | null) {
	if (kept === null) uploads.delete(snapshot);
	else uploads.set(snapshot, kept);
	for (const listener of listeners) listener();
	const isBusy = [...uploads.values()].some(
		({ upload: { state } }) => state === "sending" || state === "interrupted",
	);
	if (isBusy) window.addEventListener("beforeunload", askToStay);
	else window.removeEventListener("beforeunload", askToStay);
}

/** The browser asks before it closes a tab that is sending. */
function askToStay(event: BeforeUnloadEvent) {
	event.preventDefault();
}

function subscribe(listener: () => void): () => void {
	listeners.add(listener);
	return () => listeners.delete(listener);
}

/** The upload of a snapshot's files from this tab; null for none. It goes on while other pages are shown. */
export function useUpload(snapshot: string): Upload | null {
	return useSyncExternalStore(
		subscribe,
		() => uploads.get(snapshot)?.upload ?? null,
		() => null,
	);
}

/** Sends the files of an imported snapshot in turn. Those that have arrived already are skipped. */
export async function startUpload(snapshot: string, files: readonly File[]): Promise<void> {
	const totalBytes = files.reduce((sum, { size }) => sum + size, 0);
	const abort = new AbortController();
	const { signal } = abort;
	let doneBytes = 0;
	let sentBytes = 0;
	const note = (state: Upload["state"], problem: string | null = null) =>
		keep(snapshot, { upload: { state, sentBytes, totalBytes, problem }, files, abort });
	uploads.get(snapshot)?.abort.abort();
	note("sending");
	try {
		for (const [index, file] of files.entries()) {
			const url = `/api/v1/snapshots/${encodeURIComponent(snapshot)}/upload?shard=${index + 1}`;
			await sendFile(url, file, {
				signal,
				onProgress(sent) {
					sentBytes = doneBytes + sent;
					if (!signal.aborted) note("sending");
				},
				onInterrupted: (reason) => note("interrupted", reason),
			});
			doneBytes += file.size;
		}
		keep(snapshot, null);
	} catch (error) {
		if (signal.aborted) return;
		note("ended", error instanceof Error ? error.message : String(error));
	}
}

/** Ends the connection. What has arrived stays with the control plane for a day. */
export function pauseUpload(snapshot: string): void {
	const kept = uploads.get(snapshot);
	if (kept === undefined) return;
	kept.abort.abort();
	keep(snapshot, { ...kept, upload: { ...kept.upload, state: "paused", problem: null } });
}

/** Continues where it was, with the files that were chosen. */
export function resumeUpload(snapshot: string): void {
	const kept = uploads.get(snapshot);
	if (kept !== undefined) void startUpload(snapshot, kept.files);
}
