"use client";

import { useSyncExternalStore } from "react";
import { sendFile } from "./send-file.ts";

/** Files of a snapshot that this tab is sending. */
export interface Upload {
	readonly sentBytes: number;
	readonly totalBytes: number;
	/** Why it has ended without all of them; null while it goes on. */
	readonly problem: string | null;
}

const uploads = new Map<string, Upload>();
const listeners = new Set<() => void>();

function note(snapshot: string, upload: Upload | null) {
	if (upload === null) uploads.delete(snapshot);
	else uploads.set(snapshot, upload);
	for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
	listeners.add(listener);
	return () => listeners.delete(listener);
}

/** The upload of a snapshot's files from this tab; null for none. It goes on while other pages are shown. */
export function useUpload(snapshot: string): Upload | null {
	return useSyncExternalStore(
		subscribe,
		() => uploads.get(snapshot) ?? null,
		() => null,
	);
}

/** Sends the files of an imported snapshot in turn. Those that have arrived already are skipped. */
export async function startUpload(snapshot: string, files: readonly File[]): Promise<void> {
	const totalBytes = files.reduce((sum, { size }) => sum + size, 0);
	let doneBytes = 0;
	const noteSent = (sentBytes: number, problem: string | null = null) =>
		note(snapshot, { sentBytes, totalBytes, problem });
	noteSent(0);
	try {
		for (const [index, file] of files.entries()) {
			const url = `/api/v1/snapshots/${encodeURIComponent(snapshot)}/upload?shard=${index + 1}`;
			await sendFile(url, file, (sent) => noteSent(doneBytes + sent));
			doneBytes += file.size;
		}
		note(snapshot, null);
	} catch (error) {
		noteSent(doneBytes, error instanceof Error ? error.message : String(error));
	}
}
