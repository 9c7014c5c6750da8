import { connect, type Socket } from "node:net";
import { ConnectionTraffic } from "./own-traffic.ts";

const ANSWER_BYTES_MAX = 1024 ** 2;

interface Waiting {
	readonly isWhole: (answer: string) => boolean;
	readonly timer: NodeJS.Timeout;
	resolve(answer: string): void;
	reject(error: Error): void;
}

/** Memcached's text protocol on one connection that never reconnects, one question at a time. */
export class MemcachedConnection {
	private readonly socket: Socket;
	private readonly traffic: ConnectionTraffic;
	private received = "";
	private waiting: Waiting | null = null;
	private failure: Error | null = null;

	constructor(host: string, port: number) {
		this.socket = connect(port, host);
		this.traffic = new ConnectionTraffic(this.socket, { host, port });
		this.socket.setNoDelay(true);
		// An engine must never keep the agent from exiting.
		this.socket.unref();
		this.socket.on("data", (chunk) => this.onData(chunk));
		this.socket.on("error", (error) => this.fail(error));
		this.socket.on("close", () => this.fail(new Error("the engine closed the connection")));
	}

	get closed(): boolean {
		return this.failure !== null;
	}

	/** The fields of `stats`, or of another report. */
	async stats(timeoutMs: number, report = ""): Promise<ReadonlyMap<string, string>> {
		const command = `stats ${report}`.trimEnd();
		const answer = await this.ask(command, (text) => text.endsWith("END\r\n"), timeoutMs);
		const fields = new Map<string, string>();
		for (const line of answer.split("\r\n")) {
			const match = /^STAT (\S+) (.*)$/.exec(line);
			if (match !== null) fields.set(match[1] ?? "", match[2] ?? "");
		}
		return fields;
	}

	/** Sends a command that is answered with one line. */
	async line(command: string, timeoutMs: number): Promise<string> {
		return (await this.ask(command, (text) => text.endsWith("\r\n"), timeoutMs)).trimEnd();
	}

	close(): void {
		this.fail(new Error("the connection was closed"));
	}

	private ask(command: string, isWhole: Waiting["isWhole"], timeoutMs: number): Promise<string> {
		return new Promise((resolve, reject) => {
			if (this.failure !== null) return reject(this.failure);
			if (this.waiting !== null)
				return reject(new Error(`${command}: still waiting for another answer`));
			const timer = setTimeout(
				// A later answer could no longer be matched, so the connection ends at the deadline.
				() => this.fail(new Error(`${command}: no answer in ${timeoutMs} ms`)),
				timeoutMs,
			);
			timer.unref();
			this.received = "";
			this.waiting = { isWhole, timer, resolve, reject };
			const bytes = Buffer.from(`${command}\r\n`);
			this.traffic.count(bytes.length);
			this.socket.write(bytes);
		});
	}

	private onData(chunk: Buffer): void {
		this.traffic.count(chunk.length);
		this.received += chunk.toString("latin1");
		if (this.received.length > ANSWER_BYTES_MAX) {
			this.fail(new Error("the answer is too long: the listener isn't Memcached"));
			return;
		}
		const { waiting } = this;
		if (waiting === null) return;
		if (/^(ERROR|CLIENT_ERROR|SERVER_ERROR)\b.*\r\n$/.test(this.received)) {
			this.settle();
			waiting.reject(new Error(this.received.trimEnd()));
		} else if (waiting.isWhole(this.received)) {
			this.settle();
			waiting.resolve(this.received);
		}
	}

	private settle(): void {
		clearTimeout(this.waiting?.timer);
		this.waiting = null;
	}

	private fail(error: Error): void {
		if (this.failure !== null) return;
		this.failure = error;
		this.socket.destroy();
		const { waiting } = this;
		this.settle();
		waiting?.reject(error);
	}
}
