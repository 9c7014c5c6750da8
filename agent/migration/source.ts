import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { MigrationOrder } from "../../server/contract/migration.ts";
import { EngineCommandError, EngineConnection } from "../drivers/engine-connection.ts";

const CONNECT_MS = 5_000;
const COMMAND_MS = 5_000;

export type SourceAddress = Pick<MigrationOrder, "host" | "port" | "username" | "password" | "tls">;

/** The migration isn't possible as it was asked for: `message`, a sentence, says why. */
export class MigrationRefused extends Error {}

/** What logs in to the source; null if it needs no password. */
export function loginCommand({ username, password }: SourceAddress): string[] | null {
	if (password === null) return null;
	return username === null ? ["AUTH", password] : ["AUTH", username, password];
}

/** A connected socket. Throws MigrationRefused if the source can't be reached, or its certificate isn't trusted. */
export async function openSocket({ host, port, tls }: SourceAddress): Promise<Socket> {
	const socket = tls ? connectTls({ host, port, servername: host }) : connect(port, host);
	try {
		await new Promise<void>((resolve, reject) => {
			socket.setTimeout(CONNECT_MS, () => reject(new Error("no answer")));
			socket.once(tls ? "secureConnect" : "connect", resolve);
			socket.once("error", reject);
		});
	} catch (error) {
		socket.destroy();
		const cause = error instanceof Error ? error.message : String(error);
		throw new MigrationRefused(
			`The source ${host}:${port} can't be reached from the host of the cache's primary (${cause}). Check host, port, tls and firewalls.`,
		);
	}
	socket.setTimeout(0);
	socket.setNoDelay(true);
	// Whoever reads from it hears of its end.
	socket.on("error", () => {});
	return socket;
}

/** Questions to the source, beside its replication stream. */
export class Source {
	private readonly connection: EngineConnection;

	private constructor(connection: EngineConnection) {
		this.connection = connection;
	}

	static async open(address: SourceAddress): Promise<Source> {
		const connection = EngineConnection.over(await openSocket(address), address);
		const login = loginCommand(address);
		const first = login ?? ["PING"];
		try {
			await connection.command(first, COMMAND_MS);
		} catch (error) {
			connection.close();
			if (!(error instanceof EngineCommandError)) throw error;
			throw new MigrationRefused(
				`The source ${address.host}:${address.port} refuses the login (${error.code}). Check username and password.`,
			);
		}
		return new Source(connection);
	}

	async info(): Promise<string> {
		return String(await this.connection.command(["INFO", "everything"], COMMAND_MS));
	}

	async offset(): Promise<number> {
		const text = String(await this.connection.command(["INFO", "replication"], COMMAND_MS));
		return Number(/^master_repl_offset:(\d+)/m.exec(text)?.[1] ?? 0);
	}

	/** Holds the source's writes. False if it doesn't allow that. */
	async pauseWrites(forMs: number): Promise<boolean> {
		try {
			await this.connection.command(["CLIENT", "PAUSE", String(forMs), "WRITE"], COMMAND_MS);
			return true;
		} catch (error) {
			if (error instanceof EngineCommandError) return false;
			throw error;
		}
	}

	async resumeWrites(): Promise<void> {
		await this.connection.command(["CLIENT", "UNPAUSE"], COMMAND_MS);
	}

	close(): void {
		this.connection.close();
	}
}
