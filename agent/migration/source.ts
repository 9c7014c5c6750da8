import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { MigrationOrder } from "../../server/contract/migration.ts";
import { EngineCommandError, EngineConnection } from "../drivers/engine-connection.ts";
import type { RespValue } from "../drivers/resp-parser.ts";

const CONNECT_MS = 5_000;
const COMMAND_MS = 5_000;

export type SourceAddress = Pick<
	MigrationOrder,
	"host" | "port" | "username" | "password" | "tls" | "tlsCa" | "tlsVerify"
>;

/** The migration isn't possible as it was asked for: `message`, a sentence, says why. */
export class MigrationRefused extends Error {}

/** Nothing answers there. That may pass, if something did before. */
export class SourceUnreachable extends MigrationRefused {}

/** A key as the source has it at one position of its history. */
export interface KeyState {
	/** What RESTORE takes; null if there is no such key. */
	readonly dump: Buffer | null;
	readonly expiresAtMs: number | null;
	readonly offset: number;
}

/** What logs in to the source; null if it needs no password. */
export function loginCommand({ username, password }: SourceAddress): string[] | null {
	if (password === null) return null;
	return username === null ? ["AUTH", password] : ["AUTH", username, password];
}

/** A connected socket. Throws SourceUnreachable if it can't be had, or if its certificate isn't trusted. */
export async function openSocket(address: SourceAddress): Promise<Socket> {
	const { host, port, tls } = address;
	const socket = tls ? connectTls(tlsOptions(address)) : connect(port, host);
	try {
		await new Promise<void>((resolve, reject) => {
			socket.setTimeout(CONNECT_MS, () => reject(new Error("no answer")));
			socket.once(tls ? "secureConnect" : "connect", resolve);
			socket.once("error", reject);
			socket.once("close", () => reject(new Error("it closes the connection")));
		});
	} catch (error) {
		socket.destroy();
		const cause = error instanceof Error ? error.message : String(error);
		throw new SourceUnreachable(
			`The source ${host}:${port} can't be reached from the cache's host (${cause}). ${adviceFor(error, tls)}`,
		);
	}
	socket.setTimeout(0);
	socket.setNoDelay(true);
	// Whoever reads from it hears of its end.
	socket.on("error", () => {});
	return socket;
}

function tlsOptions({ host, port, tlsCa, tlsVerify }: SourceAddress) {
	return {
		...{ host, port, rejectUnauthorized: tlsVerify },
		// A certificate for an address is compared with the address that was connected to.
		...(isIP(host) === 0 && { servername: host }),
		...(tlsCa !== null && { ca: tlsCa }),
	};
}

function adviceFor(error: unknown, tls: boolean): string {
	const code = error instanceof Error && "code" in error ? String(error.code) : "";
	if (tls && /CERT|SELF_SIGNED|UNABLE_TO/.test(code)) {
		return "Its certificate isn't trusted. Give the certificate of the authority that signed it, or accept any certificate.";
	}
	return "Check host, port, tls and firewalls.";
}

/** Questions to the source, beside its replication stream. */
export class Source {
	readonly address: SourceAddress;
	private readonly connection: EngineConnection;

	private constructor(address: SourceAddress, connection: EngineConnection) {
		this.address = address;
		this.connection = connection;
	}

	static async open(address: SourceAddress): Promise<Source> {
		const { host, port } = address;
		const encoding = "latin1" as const;
		const connection = EngineConnection.over(await openSocket(address), { host, port, encoding });
		const first = loginCommand(address) ?? ["PING"];
		try {
			await connection.command(first.map(asBytes), COMMAND_MS);
		} catch (error) {
			connection.close();
			if (!(error instanceof EngineCommandError)) throw error;
			throw new MigrationRefused(
				`The source ${host}:${port} refuses the login (${error.code}). Check username and password.`,
			);
		}
		return new Source(address, connection);
	}

	/** For people. */
	get name(): string {
		return `${this.address.host}:${this.address.port}`;
	}

	async ask(...args: string[]): Promise<RespValue> {
		return await this.connection.command(args, COMMAND_MS);
	}

	async info(): Promise<string> {
		return String(await this.ask("INFO", "everything"));
	}

	async offset(): Promise<number> {
		return offsetIn(String(await this.ask("INFO", "replication")));
	}

	/** A key's value and the position of the source's history that it is from. */
	async readKey(key: Buffer): Promise<KeyState> {
		const text = key.toString("latin1");
		const connection = this.connection;
		const answers = connection.together(() =>
			[["MULTI"], ["DUMP", text], ["PTTL", text], ["TIME"], ["INFO", "replication"], ["EXEC"]].map(
				(args) => connection.command(args, COMMAND_MS),
			),
		);
		// Of those that are refused, the last one says so too.
		for (const answer of answers) answer.catch(() => undefined);
		const values = await answers.at(-1)?.catch((error: unknown) => {
			if (!(error instanceof EngineCommandError)) throw error;
			throw new MigrationRefused(
				`The source's clients change keys of several slots in one command, and Larder must read such keys from the source, which refuses that (${error.message}). Give its user the commands MULTI, EXEC, DUMP, PTTL, TIME and INFO.`,
			);
		});
		if (!Array.isArray(values)) throw new Error("the source's answer is damaged");
		const [dump = null, left, time, info] = values;
		const [seconds, micros] = Array.isArray(time) ? time.map(Number) : [];
		const nowMs = (seconds ?? 0) * 1_000 + Math.floor((micros ?? 0) / 1_000);
		return {
			dump: typeof dump === "string" ? Buffer.from(dump, "latin1") : null,
			expiresAtMs: Number(left) >= 0 ? nowMs + Number(left) : null,
			offset: offsetIn(String(info)),
		};
	}

	/** Whether it lets Larder hold writes: holds them for a millisecond. */
	async canPauseWrites(): Promise<boolean> {
		return await this.pauseWrites(1);
	}

	/** Holds the source's writes. False if it doesn't allow that. */
	async pauseWrites(forMs: number): Promise<boolean> {
		try {
			await this.ask("CLIENT", "PAUSE", String(forMs), "WRITE");
			return true;
		} catch (error) {
			if (error instanceof EngineCommandError) return false;
			throw error;
		}
	}

	async resumeWrites(): Promise<void> {
		await this.ask("CLIENT", "UNPAUSE");
	}

	close(): void {
		this.connection.close();
	}
}

function offsetIn(replication: string): number {
	return Number(/^master_repl_offset:(\d+)/m.exec(replication)?.[1] ?? 0);
}

/** Text as its UTF-8 bytes, a character each. */
function asBytes(text: string): string {
	return Buffer.from(text, "utf8").toString("latin1");
}
