import { setTimeout as delay } from "node:timers/promises";
import type { Assignment } from "../../server/contract/desired-state.ts";
import type { Engine } from "../../server/contract/enums.ts";
import { LIMITS } from "../../server/contract/limits.ts";
import { ClientTraffic } from "./client-traffic.ts";
import { EngineCommandError, EngineConnection } from "./engine-connection.ts";
import type { RespValue } from "./resp-parser.ts";
import { SlotPace } from "./slot-pace.ts";

const CONNECT_MS = 2_000;
/**
 * How long the engine waits for the target's next answer. It serves no other client meanwhile, so this is less than what
 * counts as hung.
 */
const TRANSFER_MS = 1_000;
const ANSWER_MS = 60_000;
/**
 * Redis OSS tells all nodes about each slot that arrives, one packet a slot, and each packet costs every node about a
 * tenth of a millisecond. Valkey tells them once.
 */
const REDIS_SLOTS_AT_ONCE = 16;
/**
 * Valkey changes a slot once its replicas know of that, and reads no further command of the connection until then. So
 * changes travel over several connections.
 */
const VALKEY_CONNECTIONS = 8;
/** Between two changes of slots, which make all nodes write their cluster files. */
const REST_MS = 2;

export interface CourierEnd {
	readonly nodeId: string;
	readonly host: string;
	readonly port: number;
}

/**
 * Carries slots from one primary to another key by key, for engines that don't do it by themselves. At each step the two
 * engines agree on who answers for a key: while a slot is open, the source answers for the keys that it still has, and
 * sends clients to the target for others. Everything may be repeated, by whichever agent comes next.
 */
export class SlotCourier {
	private readonly source: EngineConnection;
	private readonly target: EngineConnection;
	/** For changes of slots, including the ones above. */
	private readonly sources: readonly EngineConnection[];
	private readonly targets: readonly EngineConnection[];
	private readonly from: CourierEnd;
	private readonly to: CourierEnd;
	private readonly login: readonly string[];
	private readonly pace = new SlotPace();
	private readonly sourceTraffic = new ClientTraffic();
	private readonly targetTraffic = new ClientTraffic();
	/** How many slots may arrive at the same moment. */
	private readonly arriveAtOnce: number;
	private opened: ReadonlySet<number> = new Set();

	private constructor(options: {
		from: CourierEnd;
		to: CourierEnd;
		sources: readonly [EngineConnection, ...EngineConnection[]];
		targets: readonly [EngineConnection, ...EngineConnection[]];
		login: readonly string[];
		engine: Engine;
	}) {
		this.from = options.from;
		this.to = options.to;
		this.sources = options.sources;
		this.targets = options.targets;
		[this.source] = options.sources;
		[this.target] = options.targets;
		this.login = options.login;
		this.arriveAtOnce = options.engine === "redis" ? REDIS_SLOTS_AT_ONCE : LIMITS.clusterSlots;
	}

	/** Throws if an engine isn't there. `to` is an IP address: the source connects to it. */
	static async open(
		from: CourierEnd,
		to: CourierEnd,
		{ engine, auth }: Pick<Assignment, "engine" | "auth">,
	): Promise<SlotCourier> {
		const { systemUsername: username, systemPassword: password } = auth;
		const connect = ({ host, port }: CourierEnd) =>
			EngineConnection.open({ host, port, username, password, encoding: "latin1" }, CONNECT_MS);
		const more = engine === "valkey" ? VALKEY_CONNECTIONS - 1 : 0;
		const opened: EngineConnection[] = [];
		const open = async (end: CourierEnd) => {
			const connection = await connect(end);
			opened.push(connection);
			return connection;
		};
		const openAll = async (end: CourierEnd) => {
			const first = await open(end);
			const others = await Promise.allSettled(Array.from({ length: more }, () => open(end)));
			return [first, ...others.map(valueOrThrow)] as const;
		};
		try {
			const [sources, targets] = [await openAll(from), await openAll(to)];
			return new SlotCourier({ from, to, sources, targets, login: [username, password], engine });
		} catch (error) {
			for (const connection of opened) connection.close();
			throw error;
		}
	}

	get toNodeId(): string {
		return this.to.nodeId;
	}

	get closed(): boolean {
		return [...this.sources, ...this.targets].some(({ closed }) => closed);
	}

	close(): void {
		for (const connection of [...this.sources, ...this.targets]) connection.close();
	}

	/**
	 * Hands these slots over and opens the ones that follow. All commands of one step are sent together, because an
	 * engine writes its cluster file once for all that it reads at once. Throws with the engine's message if one doesn't
	 * take part; slots may then be open.
	 */
	async carry(slots: readonly number[], next: readonly number[]): Promise<void> {
		const open = slots.filter((slot) => !this.opened.has(slot));
		if (open.length > 0) await this.change([], open);
		this.opened = new Set();
		await this.sendKeys(slots);
		await this.change(slots, next);
		this.opened = new Set(next);
	}

	/**
	 * The target goes first: it must let clients in before the source sends them there. If the source closed a slot first
	 * and then died, the slot would have no owner.
	 */
	private async change(close: readonly number[], open: readonly number[]): Promise<void> {
		const { from, to, sources, targets } = this;
		const handOver = (slot: number) => ({ slot, state: ["NODE", to.nodeId], allowed: null });
		const toOpen = (state: readonly string[], allowed: RegExp) =>
			open.map((slot) => ({ slot, state, allowed }));
		const arriving = close.map(handOver);
		this.sourceTraffic.noteOwn(close.length + open.length);
		this.targetTraffic.noteOwn(close.length + open.length);
		while (arriving.length > this.arriveAtOnce) {
			await setSlots(targets, arriving.splice(0, this.arriveAtOnce));
			await delay(REST_MS);
		}
		const importing = toOpen(["IMPORTING", from.nodeId], /already the owner/);
		await setSlots(targets, [...arriving, ...importing]);
		const migrating = toOpen(["MIGRATING", to.nodeId], /not the owner/);
		await setSlots(sources, [...close.map(handOver), ...migrating]);
		await delay(REST_MS);
	}

	private async sendKeys(slots: readonly number[]): Promise<void> {
		const left = [...slots];
		let found = await this.findKeys(left);
		while (found.length > 0 || left.length > 0) {
			await this.lookForClients();
			const holding = found.filter(({ keys }) => keys.length > 0);
			const count = holding.reduce((sum, { keys }) => sum + keys.length, 0);
			if (found.length > 0) this.pace.noteFound(count);
			const keyLists = holding.map(({ keys }) => keys);
			// The source looks for the next keys just before it sends these.
			[found] = await Promise.all([
				this.findKeys(left),
				this.sendAll(inLoads(keyLists, this.pace.keysAtOnce)),
			]);
			left.push(...holding.map(({ slot }) => slot));
		}
	}

	/** Takes slots from the list, and asks the source for some keys of each. */
	private async findKeys(left: number[]): Promise<{ slot: number; keys: string[] }[]> {
		const asked = left.splice(0, this.pace.slotsAtOnce);
		const count = String(this.pace.keysAtOnce);
		this.sourceTraffic.noteOwn(asked.length);
		return await together(this.source, asked, async (slot) => {
			const command = ["CLUSTER", "GETKEYSINSLOT", String(slot), count];
			return { slot, keys: textsOf(await this.source.command(command, ANSWER_MS)) };
		});
	}

	private async sendAll(loads: readonly (readonly (readonly string[])[])[]): Promise<void> {
		for (const load of loads) await this.send(load);
	}

	private async send(keyLists: readonly (readonly string[])[]): Promise<void> {
		const { host, port } = this.to;
		const tookMs = await timed(() =>
			together(this.source, keyLists, async (keys) => {
				await this.source.command(
					[
						...["MIGRATE", host, String(port), "", "0", String(TRANSFER_MS), "REPLACE"],
						...["AUTH2", ...this.login, "KEYS", ...keys],
					],
					ANSWER_MS,
				);
			}),
		);
		const count = keyLists.reduce((sum, keys) => sum + keys.length, 0);
		this.sourceTraffic.noteOwn(keyLists.length);
		// Each MIGRATE logs in there.
		this.targetTraffic.noteOwn(count + keyLists.length);
		const restMs = this.pace.noteSent(count, tookMs);
		if (restMs > 0) await delay(restMs);
	}

	/** Keys go faster while nobody uses the two engines. */
	private async lookForClients(): Promise<void> {
		const { sourceTraffic, targetTraffic } = this;
		if (!sourceTraffic.isDue) return;
		const [source, target] = await Promise.all(
			[this.source, this.target].map((engine) => engine.command(["INFO", "stats"], ANSWER_MS)),
		);
		sourceTraffic.look(String(source));
		targetTraffic.look(String(target));
		this.pace.isAlone = sourceTraffic.isQuiet && targetTraffic.isQuiet;
	}
}

async function timed(work: () => Promise<unknown>): Promise<number> {
	const startedAt = performance.now();
	await work();
	return performance.now() - startedAt;
}

interface SlotChange {
	slot: number;
	state: readonly string[];
	/** The engine's answer when that has been done before. */
	allowed: RegExp | null;
}

/** Spreads changes over an engine's connections. */
async function setSlots(
	connections: readonly EngineConnection[],
	changes: readonly SlotChange[],
): Promise<void> {
	await Promise.all(
		connections.map((connection, index) =>
			setSome(
				connection,
				changes.filter((_, turn) => turn % connections.length === index),
			),
		),
	);
}

async function setSome(engine: EngineConnection, changes: readonly SlotChange[]): Promise<void> {
	await together(engine, changes, async ({ slot, state, allowed }) => {
		try {
			await engine.command(["CLUSTER", "SETSLOT", String(slot), ...state], ANSWER_MS);
		} catch (error) {
			const isSo = error instanceof EngineCommandError && allowed?.test(error.message);
			if (!isSo) throw error;
		}
	});
}

/** Sends all in one packet, waits for all answers, and throws the first failure. */
async function together<T, R>(
	engine: EngineConnection,
	items: readonly T[],
	send: (item: T) => Promise<R>,
): Promise<R[]> {
	const results = await Promise.allSettled(engine.together(() => items.map(send)));
	return results.map(valueOrThrow);
}

function valueOrThrow<T>(result: PromiseSettledResult<T>): T {
	if (result.status === "rejected") throw result.reason;
	return result.value;
}

/** Lists of keys, each of one slot, in groups of at most `most` keys. */
function inLoads(lists: readonly (readonly string[])[], most: number): (readonly string[])[][] {
	const loads: (readonly string[])[][] = [];
	let count = most;
	for (const list of lists) {
		if (count + list.length > most) {
			loads.push([]);
			count = 0;
		}
		loads.at(-1)?.push(list);
		count += list.length;
	}
	return loads;
}

function textsOf(answer: RespValue): string[] {
	return Array.isArray(answer) ? answer.map(String) : [];
}
