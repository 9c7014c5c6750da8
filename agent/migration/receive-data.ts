import { open } from "node:fs/promises";
import type { Socket } from "node:net";
import { ANY_VERSION, AnswerReader, endingOf, send } from "../snapshots/replica-stream.ts";
import { loginCommand, MigrationRefused, type SourceAddress } from "./source.ts";

const REFUSED = /^-(NOPERM|ERR|NOAUTH|WRONGPASS)/;

/** A source's writes since the data that it has sent. */
export interface SourceStream {
	/** Position in the source's history of the stream's beginning. */
	readonly offset: number;
	/** The next bytes. Throws once the connection ends. */
	next(): Promise<Buffer>;
	/** Tells the source how far its replica is. */
	acknowledge(offset: number): void;
}

/**
 * Asks for everything that the source holds, as a new replica does, and stores it in a file. The source forks, and holds its
 * writes since then ready until the first acknowledgment.
 */
export async function receiveData(
	socket: Socket,
	source: SourceAddress,
	path: string,
	onProgress: (bytes: number, total: number | null) => Promise<void>,
): Promise<SourceStream> {
	const reader = new AnswerReader(socket);
	const login = loginCommand(source);
	const prelude = [
		...(login === null ? [] : [login]),
		["REPLCONF", "capa", "eof", "capa", "psync2"],
		ANY_VERSION,
	];
	send(socket, prelude);
	// Redis doesn't know the last one.
	for (const _ of prelude) await reader.anyLine();
	send(socket, [["PSYNC", "?", "-1"]]);
	const answer = await reader.anyLine();
	const offset = /^\+FULLRESYNC \S+ (\d+)$/.exec(answer)?.[1];
	if (offset === undefined) {
		const cause = `The source refuses to be replicated from (${answer.slice(1)}).`;
		if (!REFUSED.test(answer)) throw new Error(cause);
		throw new MigrationRefused(
			`${cause} Its user needs the commands PSYNC, REPLCONF and INFO; managed services often don't allow them.`,
		);
	}
	const rest = await store(reader, path, onProgress);
	const first = [rest];
	return {
		offset: Number(offset),
		async next() {
			const held = first.pop();
			return held !== undefined && held.length > 0 ? held : await reader.next();
		},
		acknowledge: (at) => send(socket, [["REPLCONF", "ACK", String(at)]]),
	};
}

/** Returns what has arrived after the data. */
async function store(
	reader: AnswerReader,
	path: string,
	onProgress: (bytes: number, total: number | null) => Promise<void>,
): Promise<Buffer> {
	const { mark, size } = endingOf(await reader.line());
	const file = await open(path, "w", 0o600);
	let bytes = 0;
	const keep = async (piece: Buffer) => {
		if (piece.length === 0) return;
		await file.writeFile(piece);
		bytes += piece.length;
		await onProgress(bytes, mark === null ? size : null);
	};
	try {
		let held = reader.rest();
		for (;;) {
			const end = mark === null ? size - bytes : held.indexOf(mark);
			if (end >= 0 && held.length >= end) {
				await keep(held.subarray(0, end));
				return held.subarray(end + (mark?.length ?? 0));
			}
			// What may be the beginning of the mark isn't data yet.
			const certain = mark === null ? held.length : Math.max(0, held.length - mark.length);
			await keep(held.subarray(0, certain));
			held = Buffer.concat([held.subarray(certain), await reader.next()]);
		}
	} finally {
		await file.close();
	}
}
