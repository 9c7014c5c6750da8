import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Cache } from "../../../../../server/contract/cache-view.ts";
import type { Migration, StartMigrationInput } from "../../../../../server/contract/migration.ts";
import { BUSY_POLL_MS, CALM_POLL_MS } from "../../../../_lib/queries.ts";
import { randomId } from "../../../../_lib/random-id.ts";
import { useTRPC, useTRPCClient } from "../../../../_lib/trpc.ts";

const ENDED: ReadonlySet<Migration["status"]> = new Set(["completed", "canceled", "failed"]);

export function isUnderWay(migration: Migration | null | undefined): boolean {
	return migration != null && !ENDED.has(migration.status);
}

/** Whether anything can ever be migrated into the cache. */
function takesMigrations({ engine, kind }: Cache): boolean {
	return engine !== "memcached" && kind !== "serverless";
}

/** The cache's migration that is under way, or else its last one; null if there was none. */
export function useMigration(cache: Cache) {
	const trpc = useTRPC();
	return useQuery(
		trpc.migrations.find.queryOptions(
			{ name: cache.name },
			{
				enabled: takesMigrations(cache),
				refetchInterval: ({ state }) => (isUnderWay(state.data) ? BUSY_POLL_MS : CALM_POLL_MS),
			},
		),
	);
}

/** Why nothing can be moved into the cache now; null if something can. */
export function moveInObstacle(
	cache: Cache,
	migration: Migration | null | undefined,
): string | null {
	if (!takesMigrations(cache)) return "Nothing can be moved into this kind of cache.";
	if (isUnderWay(migration)) return "Data is being moved in already.";
	if (cache.status !== "available") return "The cache must be available.";
	return null;
}

/** The three changes of a migration. Each puts its answer where the page reads it. */
export function useMigrationChanges(name: string, onDone?: () => void) {
	const trpc = useTRPC();
	const client = useTRPCClient();
	const queryClient = useQueryClient();
	const onSuccess = (migration: Migration) => {
		queryClient.setQueryData(trpc.migrations.find.queryKey({ name }), migration);
		onDone?.();
	};
	const once = () => ({ context: { idempotencyKey: randomId() } });
	return {
		start: useMutation({
			// What was sent holds the source's password.
			gcTime: 0,
			mutationFn: (input: StartMigrationInput) => client.migrations.start.mutate(input, once()),
			onSuccess,
		}),
		complete: useMutation({
			mutationFn: () => client.migrations.complete.mutate({ name }, once()),
			onSuccess,
		}),
		cancel: useMutation({
			mutationFn: () => client.migrations.cancel.mutate({ name }, once()),
			onSuccess,
		}),
	};
}
