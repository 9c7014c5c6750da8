import { type Database, Prisma, type Transaction } from "./database.ts";

/** Reads rows of several tables as they were at one moment: Prisma reads each table with a statement of its own. */
export function readSnapshot<T>(db: Database, read: (tx: Transaction) => Promise<T>): Promise<T> {
	const isolationLevel = Prisma.TransactionIsolationLevel.RepeatableRead;
	return db.$transaction(read, { isolationLevel });
}
