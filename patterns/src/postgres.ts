import { type Clock, systemClock } from "./clock.ts";
import type { ReadCache } from "./strategies.ts";

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;

/** What the feed uses of a `pg.Client` that is connected. */
export interface PostgresClient {
	query(text: string): Promise<unknown>;
	on(event: "notification", listener: (message: { payload?: string | undefined }) => void): unknown;
	on(event: "error" | "end", listener: (...args: unknown[]) => void): unknown;
	end(): Promise<unknown>;
}

export interface PostgresFeedOptions {
	/** Opens a connection of the feed's own; it is called again when that one is lost. */
	connect(): Promise<PostgresClient>;
	/** Where the database notifies of changes: `{"key":"42"}`, `{"tag":"team:7"}`, or the key alone. */
	readonly channel: string;
	readonly cache: Pick<ReadCache<never>, "invalidate" | "invalidateTag">;
	/**
	 * A tag that all keys have. PostgreSQL doesn't keep notifications for a connection that is lost, so when the feed is back it
	 * invalidates this tag.
	 */
	readonly gapTag?: string;
	/** Called when the feed is back after it was lost, and with the error each time that it can't come back. */
	onGap?(error: unknown): void;
	/** For tests. */
	readonly clock?: Clock;
}

/**
 * Invalidates what PostgreSQL notifies of, in the order of its notifications. Resolves, once it listens, to a function that ends
 * it; throws what `connect` or LISTEN throws the first time. One process needs to do this for all that share the cache; several do no
 * harm.
 */
export async function invalidateFromPostgres(
	options: PostgresFeedOptions,
): Promise<() => Promise<void>> {
	const { cache, channel, clock = systemClock } = options;
	let isClosed = false;
	let client: PostgresClient;
	let last: Promise<unknown> = Promise.resolve();

	const listen = async () => {
		client = await options.connect();
		const own = client;
		let isLost = false;
		const lose = () => {
			if (isLost || isClosed) return;
			isLost = true;
			own.end().catch(() => undefined);
			void comeBack();
		};
		own.on("error", lose);
		own.on("end", lose);
		own.on("notification", ({ payload }) => {
			if (payload === undefined || payload === "") return;
			const change = readChange(payload);
			last = last
				.then(() =>
					"tag" in change ? cache.invalidateTag(change.tag) : cache.invalidate(change.key),
				)
				// Thrown by a listener of the application's. What follows must be invalidated all the same.
				.catch(() => undefined);
		});
		try {
			await own.query(`LISTEN ${quoteName(channel)}`);
		} catch (error) {
			// Its end, which follows, mustn't begin a second attempt.
			isLost = true;
			own.end().catch(() => undefined);
			throw error;
		}
		// It was closed while this connection was being made.
		if (isClosed) await own.end();
	};
	const comeBack = async () => {
		for (let pauseMs = FIRST_RETRY_MS; !isClosed; pauseMs *= 2) {
			await clock.sleep(Math.min(pauseMs, LONGEST_RETRY_MS), { background: true });
			try {
				await listen();
			} catch (error) {
				options.onGap?.(error);
				continue;
			}
			if (isClosed) return;
			if (options.gapTag !== undefined) await cache.invalidateTag(options.gapTag);
			options.onGap?.(null);
			return;
		}
	};

	await listen();
	return async () => {
		isClosed = true;
		await client.end();
		await last;
	};
}

/** SQL that makes a table notify of each row that changes; its key is a column as text. Run it once, as the table's owner. */
export function notifyOnChange({
	table,
	keyColumn,
	channel,
}: {
	table: string;
	keyColumn: string;
	channel: string;
}): string {
	const name = quoteName(`${table}_notify_${channel}`);
	const column = quoteName(keyColumn);
	const notify = (row: "new" | "old") =>
		`PERFORM pg_notify('${channel.replaceAll("'", "''")}', json_build_object('key', ${row}.${column}::text)::text);`;
	return `
CREATE OR REPLACE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $larder$
BEGIN
  IF TG_OP <> 'INSERT' THEN ${notify("old")} END IF;
  IF TG_OP = 'INSERT' OR (TG_OP = 'UPDATE' AND new.${column} IS DISTINCT FROM old.${column}) THEN ${notify("new")} END IF;
  RETURN NULL;
END $larder$;
CREATE OR REPLACE TRIGGER ${name} AFTER INSERT OR UPDATE OR DELETE ON ${quoteName(table)}
  FOR EACH ROW EXECUTE FUNCTION ${name}();`;
}

function readChange(payload: string): { key: string } | { tag: string } {
	try {
		const parsed: unknown = JSON.parse(payload);
		if (typeof parsed === "object" && parsed !== null) {
			if ("tag" in parsed) return { tag: String(parsed.tag) };
			if ("key" in parsed) return { key: String(parsed.key) };
		}
	} catch {
		// The key alone.
	}
	return { key: payload };
}

function quoteName(name: string): string {
	return `"${name.replaceAll('"', '""')}"`;
}
