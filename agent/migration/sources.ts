import { join } from "node:path";
import { LIMITS } from "../../server/contract/limits.ts";
import type { MigrationOrder } from "../../server/contract/migration.ts";
import { commonSlots, type SlotRange } from "../../server/contract/slots.ts";
import { EngineConnection } from "../drivers/engine-connection.ts";
import { countKeys, parseInfo } from "../drivers/valkey-info.ts";
import type { EngineLogin } from "../snapshots/replica-stream.ts";
import { CommandKeys } from "./command-keys.ts";
import { Feed, type FeedOptions } from "./feed.ts";
import { describeSource, preflightProblem, shareOf } from "./preflight.ts";
import { MigrationRefused, Source } from "./source.ts";
import {
	holdsAll,
	openAny,
	readLayout,
	type SourceLayout,
	type SourceShard,
	shardsFor,
} from "./source-layout.ts";
import { CopyOutdated } from "./stream-router.ts";

const COMMAND_MS = 5_000;
const ALL_SLOTS: SlotRange = { first: 0, last: LIMITS.clusterSlots - 1 };

type Nodes = SourceLayout["nodes"];
/** The shard of the cache that is filled; null with cluster mode disabled. */
type TargetShard = { readonly slots: readonly SlotRange[]; readonly isFirst: boolean } | null;

interface Opened {
	readonly shard: SourceShard;
	readonly source: Source;
}

/** What a check found. */
export interface Checked {
	readonly checks: string[];
	readonly holdsWrites: boolean;
	readonly totalKeys: number;
	readonly commandKeys: CommandKeys;
}

/** The source's primaries that hold keys of one shard of the cache. */
export class Sources {
	private readonly layout: SourceLayout;
	private readonly target: TargetShard;
	private readonly opened: readonly Opened[];

	private constructor(layout: SourceLayout, target: TargetShard, opened: readonly Opened[]) {
		this.layout = layout;
		this.target = target;
		this.opened = opened;
	}

	/** Throws MigrationRefused if they can't be reached, refuse the login, or lack slots. */
	static async open(
		order: MigrationOrder,
		target: TargetShard,
		known: { nodes: Nodes },
	): Promise<Sources> {
		const seed = await openAny(order, known.nodes);
		const opened: Opened[] = [];
		try {
			const layout = await readLayout(seed);
			known.nodes = layout.nodes;
			for (const shard of shardsFor(layout, target?.slots ?? null)) {
				const { host, port } = shard;
				opened.push({ shard, source: await Source.open({ ...order, host, port }) });
			}
			return new Sources(layout, target, opened);
		} catch (error) {
			for (const { source } of opened) source.close();
			throw error;
		} finally {
			seed.close();
		}
	}

	/** Throws MigrationRefused, with the reason, if the engine can't take over their data. */
	async check(login: EngineLogin): Promise<Checked> {
		const target = await EngineConnection.open(login, COMMAND_MS);
		try {
			const own = String(await target.command(["INFO", "everything"], COMMAND_MS));
			const databases = await target.command(["CONFIG", "GET", "databases"], COMMAND_MS);
			const commands = await target.command(["COMMAND"], COMMAND_MS);
			const facts = await Promise.all(
				this.opened.map(async ({ shard, source }) => {
					const text = await source.info();
					return {
						...{ text, name: source.name, info: parseInfo(text), slots: shard.slots },
						share: this.shareFrom(shard),
						holdsWrites: await source.canPauseWrites(),
					};
				}),
			);
			const problem = preflightProblem({
				sources: facts,
				modules: [...new Set(facts.flatMap(({ text }) => lackingModules(text, own)))],
				target: parseInfo(own),
				databases: Number(Array.isArray(databases) ? databases[1] : 1),
			});
			if (problem !== null) throw new MigrationRefused(problem);
			await this.requireUnchanged();
			return {
				checks: facts.map((fact) => describeSource(fact).slice(0, 600)),
				holdsWrites: facts.every(({ holdsWrites }) => holdsWrites),
				totalKeys: facts.reduce(
					(sum, { info, share }) => sum + Math.round(share * countKeys(info)),
					0,
				),
				commandKeys: CommandKeys.of(commands),
			};
		} finally {
			target.close();
		}
	}

	/** Throws CopyOutdated if the source's slots have moved, or its primaries changed, or are about to. */
	async requireUnchanged(): Promise<void> {
		if (this.layout.epoch === "") return;
		for (const { source } of this.opened) {
			const { epoch } = await readLayout(source);
			if (epoch !== this.layout.epoch) {
				throw new CopyOutdated("the source's slots or primaries have changed");
			}
		}
	}

	feeds(
		options: Pick<FeedOptions, "directory" | "login" | "keys" | "onBytes" | "onKeys">,
	): readonly Feed[] {
		const { target } = this;
		return this.opened.map(({ shard, source }, index) => {
			const isFirst = index === 0;
			return new Feed({
				...{ ...options, source, directory: join(options.directory, String(index)) },
				slots: target === null && shard.slots === null ? null : membersOf(this.wantedFrom(shard)),
				share: this.shareFrom(shard),
				isOnly: holdsAll(shard, target?.slots ?? null),
				takesCode: isFirst,
				takesMessages: isFirst && (target?.isFirst ?? true),
			});
		});
	}

	/** False if one doesn't allow it. */
	async pauseWrites(forMs: number): Promise<boolean> {
		const held = await Promise.all(
			this.opened.map(async ({ source }) => await source.pauseWrites(forMs)),
		);
		return held.every((isHeld) => isHeld);
	}

	async resumeWrites(): Promise<void> {
		// One that is gone holds nothing any more.
		await Promise.allSettled(this.opened.map(async ({ source }) => await source.resumeWrites()));
	}

	close(): void {
		for (const { source } of this.opened) source.close();
	}

	private shareFrom(shard: SourceShard): number {
		return shareOf(shard.slots, this.wantedFrom(shard), LIMITS.clusterSlots);
	}

	private wantedFrom(shard: SourceShard): SlotRange[] {
		return commonSlots(shard.slots ?? [ALL_SLOTS], this.target?.slots ?? [ALL_SLOTS]);
	}
}

function membersOf(slots: readonly SlotRange[]): Uint8Array {
	const members = new Uint8Array(LIMITS.clusterSlots);
	for (const { first, last } of slots) members.fill(1, first, last + 1);
	return members;
}

/** The source's modules that the cache's engine hasn't. Valkey 9 comes with one, its scripting engine. */
function lackingModules(source: string, target: string): string[] {
	const [has, wanted] = [target, source].map((info) =>
		[...info.matchAll(/^module:name=([^,\r]*)/gm)].map(([, name]) => name ?? ""),
	);
	return wanted?.filter((name) => has?.includes(name) !== true) ?? [];
}
