import { PrismaPg } from "@prisma/adapter-pg";
import { Prisma, PrismaClient } from "./generated/client.ts";

export type Database = PrismaClient;
/** What a use case holds while its transaction is open. */
export type Transaction = Prisma.TransactionClient;
export type {
	Cache as CacheRow,
	Host as HostRow,
	Node as NodeRow,
	Shard as ShardRow,
} from "./generated/client.ts";
export { Prisma } from "./generated/client.ts";

/** Connections of one control plane; the embedded database serves 50. */
const POOL_SIZE = 10;

export function connectDatabase(url: string): Database {
	return new PrismaClient({
		adapter: new PrismaPg({ connectionString: url, max: POOL_SIZE }),
		transactionOptions: { maxWait: 10_000, timeout: 15_000 },
	});
}

/** Whether a write failed because a unique constraint already holds such a row. */
export function isUniqueViolation(error: unknown): boolean {
	return error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2002";
}
