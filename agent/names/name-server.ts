import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { type Query, type Reply, readQuery, writeReply } from "./dns-message.ts";

/** UDP answers to one address within a second. Further ones carry no records, so that forged questions gain nothing. */
const UDP_ANSWERS_MAX = 200;
/** Questions in progress; more are dropped, and their clients ask again. */
const UNDER_WAY_MAX = 1_000;
const CONNECTIONS_MAX = 100;
const IDLE_MS = 10_000;
/** Longer than any name that can be asked for. */
const QUESTION_BYTES_MAX = 1_024;
const TCP_BYTES_MAX = 65_535;

export type AnswerFor = (query: Query) => Promise<Reply>;

/** Answers DNS on one address, over UDP and TCP. */
export class NameServer {
	private readonly answerFor: AnswerFor;
	private readonly connections = new Set<Socket>();
	private udp: UdpSocket | null = null;
	private tcp: Server | null = null;
	private underWay = 0;
	private readonly answered = new Map<string, number>();
	private second = 0;
	private readonly now: () => number;

	constructor(answerFor: AnswerFor, now: () => number = () => performance.now()) {
		this.answerFor = answerFor;
		this.now = now;
	}

	/** Throws if it can't listen on the port. Calls `onFailure` if it loses the port later. */
	async listen(address: string, port: number, onFailure: (error: Error) => void): Promise<void> {
		const udp = createSocket("udp4");
		const tcp = createServer((socket) => this.serve(socket));
		this.udp = udp;
		this.tcp = tcp;
		tcp.maxConnections = CONNECTIONS_MAX;
		udp.on("message", (message, { address: from, port: to }) => {
			void this.reply(message, this.mayAnswer(from) ? null : 0).then((reply) => {
				// The socket may have closed meanwhile; the client asks again if an answer is lost.
				if (reply !== null && this.udp === udp) udp.send(reply, to, from, () => {});
			});
		});
		const ready = Promise.all([once(udp, "listening"), once(tcp, "listening")]);
		udp.bind({ address, port, exclusive: true });
		tcp.listen({ host: address, port, exclusive: true });
		try {
			await ready;
		} catch (error) {
			this.close();
			throw error;
		}
		for (const socket of [udp, tcp]) {
			socket.on("error", (error: Error) => {
				this.close();
				onFailure(error);
			});
		}
	}

	close(): void {
		const { udp, tcp } = this;
		this.udp = null;
		this.tcp = null;
		// Without a listener, an error of a socket that is closing would end the agent.
		for (const socket of [udp, tcp]) socket?.on("error", () => {});
		udp?.close();
		tcp?.close();
		for (const connection of this.connections) connection.destroy();
	}

	/** Null for no reply. A null `bytesMax` means as much as the client accepts. */
	private async reply(message: Buffer, bytesMax: number | null): Promise<Buffer | null> {
		const query = readQuery(message);
		if (query === null || this.underWay >= UNDER_WAY_MAX) return null;
		this.underWay++;
		try {
			return writeReply(query, await this.answerFor(query), bytesMax ?? query.bytesMax);
		} finally {
			this.underWay--;
		}
	}

	private mayAnswer(from: string): boolean {
		const second = Math.floor(this.now() / 1_000);
		if (second !== this.second) this.answered.clear();
		this.second = second;
		const count = (this.answered.get(from) ?? 0) + 1;
		this.answered.set(from, count);
		return count <= UDP_ANSWERS_MAX;
	}

	/** Messages over TCP are preceded by their length. They are answered one after another. */
	private serve(socket: Socket): void {
		this.connections.add(socket);
		socket.once("close", () => this.connections.delete(socket));
		socket.on("error", () => socket.destroy());
		socket.setTimeout(IDLE_MS, () => socket.destroy());
		void this.converse(socket).catch(() => socket.destroy());
	}

	private async converse(socket: Socket): Promise<void> {
		let pending = Buffer.alloc(0);
		for await (const chunk of socket) {
			pending = Buffer.concat([pending, chunk]);
			while (pending.length >= 2) {
				const length = pending.readUInt16BE(0);
				if (length > QUESTION_BYTES_MAX) return;
				if (pending.length < 2 + length) break;
				const reply = await this.reply(pending.subarray(2, 2 + length), TCP_BYTES_MAX);
				pending = pending.subarray(2 + length);
				if (reply === null) return;
				const head = Buffer.alloc(2);
				head.writeUInt16BE(reply.length);
				socket.write(Buffer.concat([head, reply]));
			}
		}
	}
}
