import { connect, type Socket } from "node:net";
import { RespFailure, RespParser, type RespValue } from "../drivers/resp-parser.ts";
import { type EngineLogin, send } from "../snapshots/replica-stream.ts";
import { MigrationRefused } from "./source.ts";

/** The engine will answer like this again. */
const LASTING = /^(OOM|ERR)\b/;

/** The first four of the five bytes of `+OK\r\n`, as a number. */
const OK = 0x2b_4f_4b_0d;
const OK_BYTES = 5;

/** Passes commands on to the cache's engine without waiting for each answer, and counts the answers. */
export class TargetWriter {
	private readonly socket: Socket;
	private readonly parser = new RespParser("latin1");
	private sent = 0;
	private failure: Error | null = null;
	private wake: () => void = () => undefined;
	private drained: () => void = () => undefined;
	/** Commands that the engine has carried out. */
	answered = 0;
	/** Called with each answer or failure. */
	onAnswers: () => void = () => undefined;

	constructor({ host, port, username, password }: EngineLogin) {
		this.socket = connect(port, host);
		this.socket.setNoDelay(true);
		this.socket.on("data", (chunk: Buffer) => this.read(chunk));
		this.socket.on("drain", () => this.drained());
		this.socket.on("error", (error) => this.fail(error));
		this.socket.on("close", () => this.fail(new Error("the engine closed the connection")));
		send(this.socket, [["AUTH", username, password]]);
		this.sent = 1;
	}

	/** Returns once the engine can take more. */
	async write(bytes: Buffer, commands: number): Promise<void> {
		if (this.failure !== null) throw this.failure;
		this.sent += commands;
		if (bytes.length === 0 || this.socket.write(bytes)) return;
		await new Promise<void>((resolve) => {
			this.drained = resolve;
		});
	}

	async command(...args: string[]): Promise<void> {
		if (this.failure !== null) throw this.failure;
		this.sent += 1;
		send(this.socket, [args]);
		await this.settled();
	}

	/** Waits until the engine has answered everything. */
	async settled(): Promise<void> {
		while (this.answered < this.sent) {
			if (this.failure !== null) throw this.failure;
			await new Promise<void>((resolve) => {
				this.wake = resolve;
			});
		}
		if (this.failure !== null) throw this.failure;
	}

	/** How many answers there will be once everything so far has been carried out. */
	get expected(): number {
		return this.sent;
	}

	throwIfFailed(): void {
		if (this.failure !== null) throw this.failure;
	}

	close(): void {
		this.failure ??= new Error("the writer was closed");
		this.socket.destroy();
		this.drained();
		this.wake();
	}

	private read(chunk: Buffer): void {
		try {
			for (const value of this.parser.push(this.afterOrdinary(chunk))) {
				const refusal = failureIn(value);
				if (refusal !== null) throw refusalOf(refusal);
				this.answered += 1;
			}
		} catch (error) {
			this.fail(error instanceof Error ? error : new Error(String(error)));
		}
		this.wake();
		this.onAnswers();
	}

	/** Counts the answers at the beginning that say OK, which nearly all do. Returns the rest. */
	private afterOrdinary(chunk: Buffer): Buffer {
		if (!this.parser.isBetweenValues) return chunk;
		let at = 0;
		while (at + OK_BYTES <= chunk.length && chunk.readUInt32BE(at) === OK) {
			at += OK_BYTES;
			this.answered += 1;
		}
		return chunk.subarray(at);
	}

	private fail(error: Error): void {
		this.failure ??= error;
		this.socket.destroy();
		this.drained();
		this.wake();
		this.onAnswers();
	}
}

function failureIn(value: RespValue): string | null {
	if (value instanceof RespFailure) return value.message;
	if (!Array.isArray(value)) return null;
	return value.map(failureIn).find((each) => each !== null) ?? null;
}

function refusalOf(message: string): Error {
	if (!LASTING.test(message)) return new Error(`the cache's engine answered: ${message}`);
	const remedy = message.startsWith("OOM")
		? "Give the cache a larger node type, and start again."
		: "The cache may need a newer engine.";
	return new MigrationRefused(`The cache can't take the source's data: ${message}. ${remedy}`);
}
