import type { Assignment } from "../../server/contract/desired-state.ts";
import type { MigrationOrder, MigrationReport } from "../../server/contract/migration.ts";
import type { TestHost } from "./agent-fixture.ts";

/** Gives the primaries of a cache a migration, as a control plane would in each phase. */
export class TestMigration {
	private readonly host: TestHost;
	private readonly nodes: readonly Assignment[];
	private readonly order: MigrationOrder;
	private generation: number;

	constructor(
		host: TestHost,
		nodes: readonly Assignment[],
		source: Partial<MigrationOrder> & Pick<MigrationOrder, "port">,
	) {
		this.host = host;
		this.nodes = nodes;
		this.generation = Math.max(...nodes.map(({ generation }) => generation));
		this.order = {
			...{ id: "move", host: "127.0.0.1", tls: false, tlsCa: null, tlsVerify: true },
			...{ username: null, password: null, phase: "check" },
			...source,
		};
	}

	/** Null ends it. */
	set(phase: MigrationOrder["phase"] | null): Assignment[] {
		this.generation += 1;
		const next = this.nodes.map((node) => ({
			...{ ...node, generation: this.generation },
			...(phase !== null && { migration: { ...this.order, phase } }),
		}));
		this.host.plane.setAssignments(next);
		return next;
	}

	/** Waits until each primary reports the phase. Returns their reports. */
	async until(phase: MigrationReport["phase"]): Promise<MigrationReport[]> {
		return await this.host.plane.until(`all report ${phase}`, () => {
			const reports = this.nodes.flatMap(({ id }) => this.reportOf(id) ?? []);
			const failed = reports.find((report) => report.phase === "failed");
			if (failed !== undefined && phase !== "failed") throw new Error(String(failed.message));
			const reached = reports.filter((report) => report.phase === phase);
			// One of them is enough to fail.
			const wanted = phase === "failed" ? 1 : this.nodes.length;
			return reached.length >= wanted && reached;
		});
	}

	private reportOf(nodeId: string): MigrationReport | null {
		const report = this.host.plane.observationOf(nodeId)?.migration;
		return report?.id === this.order.id ? report : null;
	}

	/** Waits until all have what `set` returned. */
	async untilRunning(assignments: readonly Assignment[]): Promise<void> {
		await this.host.plane.until("they run as wanted", () =>
			assignments.every(({ id, generation }) => {
				const seen = this.host.plane.observationOf(id);
				return seen?.phase === "running" && seen.generation === generation;
			}),
		);
	}

	/** Through all phases up to a copy that follows its source. */
	async replicate(): Promise<void> {
		this.set("check");
		await this.until("checked");
		this.set("replicate");
		await this.until("following");
	}

	/** From there to a cache that leads. Returns how long writes paused, in milliseconds. */
	async complete(): Promise<number> {
		this.set("cut-over");
		await this.until("caught-up");
		this.set("lead");
		const reports = await this.until("leading");
		const pausedMs = Math.max(...reports.map((report) => report.pausedMs ?? 0));
		await this.untilRunning(this.set(null));
		return pausedMs;
	}
}
