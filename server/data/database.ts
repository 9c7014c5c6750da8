import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { Prisma, PrismaClient } from "./generated/client.ts";
import { SessionClient } from "./session-client.ts";

export type Database = PrismaClient;
/** What a use case works with while its transaction is open. */
export type Transaction = Prisma.TransactionClient;
export type {
	Cache as CacheRow,
	Host as HostRow,
	Node as NodeRow,
	Operation as OperationRow,
	Shard as ShardRow,
} from "./generated/client.ts";
export { Prisma } from "./generated/client.ts";

const CLIENT_OPTIONS = {
	transactionOptions: { maxWait: 10_000, timeout: 15_000 },
	// The other formats read a stack trace, through source maps, on every call.
	errorFormat: "minimal",
} as const;
/**
 * Room for all that uses the database at the same time: three reports, three answers to watches, eight calls of people, five
 * passes, and the timers. With fewer, calls of people wait for the others.
 */
const SERVER_POOL_SIZE = 24;
/** Statements are few and fixed except for lists in conditions; those beyond this number go unnamed. */
const NAMED_STATEMENTS_MAX = 500;

/** How connections are made; tests watch what they send. */
type ConnectionClass = typeof SessionClient;

export function connectServer(url: string, Client: ConnectionClass = SessionClient): Database {
	return new PrismaClient({
		adapter: new PrismaPg({ connectionString: url, max: SERVER_POOL_SIZE, Client }),
		...CLIENT_OPTIONS,
	});
}

/**
 * The embedded database is one session behind its socket: two connections at the same time would mix up each other's
 * unnamed statements and read each other's rows. It runs one statement at a time anyway, so one connection
 * costs nothing. Everything inside a transaction must use that transaction: a query outside of it would wait for
 * its connection.
 *
 * Statements are named, which saves PostgreSQL most of its work on them: parsing and planning. Names outlive
 * a connection here, so there is no reconnecting: a lost connection is a lost database, whatever reason the
 * pool had to replace it.
 */
export function connectEmbedded(
	url: string,
	onLost: (error: unknown) => void,
	Client: ConnectionClass = SessionClient,
): Database {
	const names = new Map<string, string>();
	const statementNameGenerator = ({ sql }: { sql: string }): string => {
		const known = names.get(sql);
		if (known !== undefined) return known;
		if (names.size >= NAMED_STATEMENTS_MAX) return "";
		const name = `larder_${names.size}`;
		names.set(sql, name);
		return name;
	};
	const pool = new pg.Pool({
		connectionString: url,
		max: 1,
		idleTimeoutMillis: 0,
		Client,
	});
	pool.on("remove", () => {
		if (!pool.ending)
			onLost(new Error("the connection to the embedded database had to be replaced"));
	});
	return new PrismaClient({
		adapter: new PrismaPg(pool, {
			statementNameGenerator,
			disposeExternalPool: true,
			onPoolError: onLost,
			onConnectionError: onLost,
		}),
		...CLIENT_OPTIONS,
	});
}

/** Whether a deletion failed because other rows refer to the row. */
export function isReferenceViolation(error: unknown): boolean {
	return error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2003";
}

/** Whether a write failed because it would violate a unique constraint. */
export function isUniqueViolation(error: unknown): boolean {
	return error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2002";
}
