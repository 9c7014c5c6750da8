import { setTimeout as pause } from "node:timers/promises";
import {
	type KernelTableUse,
	kernelTableName,
	rememberedProgram,
	rememberKernelTable,
} from "../../platform/kernel-table.ts";
import { runCommand } from "../bundles/run-command.ts";
import { NftSession } from "./nft-session.ts";

/** How long rules apply without being renewed. */
const ALIVE_SECONDS = 3;
const TIMEOUT_MS = 1_000;

interface TableKind<Rules> {
	readonly use: KernelTableUse;
	readonly none: Rules;
	isNone(rules: Rules): boolean;
	/** Statements for what the table holds besides its rules and the set `alive`. */
	create(table: string): string[];
	/** Statements that lead from one state of the rules to another. */
	change(table: string, from: Rules, to: Rules): string[];
}

interface LapsingTableOptions {
	readonly homeDir: string;
	/** The address that the rules are about. */
	readonly address: string;
}

/**
 * A table of nftables that belongs to one agent. Its rules apply only to addresses in its set `alive`, which holds the
 * agent's address for three seconds: when an agent hangs or dies, all of its rules lapse together. One call at a time.
 */
export class LapsingTable<Rules> {
	private readonly options: LapsingTableOptions;
	private readonly kind: TableKind<Rules>;
	private readonly name: string;
	private session: NftSession | null = null;
	/** Null while what the kernel holds isn't known: after the start, and after an error. */
	private held: Rules | null = null;
	/** Rules in effect stay in effect while a transaction is under way. */
	private inForce: Rules;
	/** When the rules that the kernel holds lapse, unless they are renewed. */
	private lapsesAt = Number.NEGATIVE_INFINITY;
	private program = "";
	private marks = 0;

	constructor(options: LapsingTableOptions, kind: TableKind<Rules>) {
		this.options = options;
		this.kind = kind;
		this.inForce = kind.none;
		this.name = kernelTableName(options.homeDir, kind.use);
	}

	/** In effect now, if renewed in time. */
	get rules(): Rules {
		return this.inForce;
	}

	/**
	 * Puts these rules into effect for the next three seconds. `also` makes statements for the same transaction. Throws
	 * if the kernel refuses; the rules that it holds then lapse within three seconds.
	 */
	async hold(
		program: string,
		rules: Rules,
		also: (table: string) => string[] = () => [],
	): Promise<void> {
		const { kind, name, held, options } = this;
		if (held !== null && kind.isNone(held) && kind.isNone(rules)) return;
		if (held === null) await rememberKernelTable(options.homeDir, kind.use, program);
		// The mark is read back: if it is there, the kernel has carried out the whole transaction.
		this.marks++;
		const changes = kind.change(name, held ?? kind.none, rules);
		const statements = [
			...(held === null ? [...createTable(name), ...kind.create(name)] : []),
			...changes,
			...also(name),
			...renew(name, options.address, this.marks),
		];
		this.held = null;
		this.program = program;
		try {
			const { output, errors } = await this.run(program, statements);
			if (!output.includes(`comment "${this.marks}"`)) {
				throw new Error(errors || "nft didn't do what it was asked");
			}
			this.held = held !== null && changes.length === 0 ? held : rules;
		} finally {
			this.lapsesAt = performance.now() + ALIVE_SECONDS * 1_000;
			this.inForce = this.held ?? kind.none;
		}
	}

	/** Ends the effect of an earlier agent's rules, which may be out of date. Must be called before anything else. */
	async releaseFormer(): Promise<void> {
		const program = await rememberedProgram(this.options.homeDir, this.kind.use);
		if (program === null) return;
		this.program = program;
		this.lapsesAt = performance.now() + ALIVE_SECONDS * 1_000;
		await this.release();
	}

	/**
	 * No rules apply from now on, even if the last transaction failed: empties `alive`, or waits until they have lapsed.
	 * Existing connections stay as they are.
	 */
	async release(): Promise<void> {
		this.close();
		const leftMs = this.lapsesAt - performance.now();
		if (leftMs <= 0) return;
		// The set may be gone after a restart of the machine.
		const flush = [...addAlive(this.name), `flush set ip ${this.name} alive`].join("; ");
		await runCommand(this.program, [flush], { timeoutMs: TIMEOUT_MS }).catch(() => pause(leftMs));
		this.lapsesAt = Number.NEGATIVE_INFINITY;
	}

	/** Ends the tool; the rules that the kernel holds lapse by themselves. */
	close(): void {
		this.session?.close();
		this.session = null;
		this.held = null;
		this.inForce = this.kind.none;
	}

	private run(program: string, statements: readonly string[]) {
		if (this.session?.open !== true) this.session = new NftSession(program);
		return this.session.run(statements, `list set ip ${this.name} alive`);
	}
}

/** Also deletes, in the same transaction, the table that an earlier agent left. */
function createTable(table: string): string[] {
	return [`add table ip ${table}`, `delete table ip ${table}`, ...addAlive(table)];
}

function addAlive(table: string): string[] {
	return [`add table ip ${table}`, `add set ip ${table} alive { type ipv4_addr; flags timeout; }`];
}

/** `mark` shows up when the set is listed. */
function renew(table: string, address: string, mark: number): string[] {
	const element = `${address} timeout ${ALIVE_SECONDS}s comment "${mark}"`;
	return [`flush set ip ${table} alive`, `add element ip ${table} alive { ${element} }`];
}
