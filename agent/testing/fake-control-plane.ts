import { randomUUID } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { initTRPC, TRPCError } from "@trpc/server";
import { type CreateFastifyContextOptions, fastifyTRPCPlugin } from "@trpc/server/adapters/fastify";
import Fastify, { type FastifyInstance } from "fastify";
import type { z } from "zod";
import { enrollInputSchema, enrollResultSchema } from "../../server/contract/agent.ts";
import {
	type Assignment,
	type DesiredState,
	type FailoverOrder,
	type Notice,
	type WatchResult,
	watchInputSchema,
	watchResultSchema,
} from "../../server/contract/desired-state.ts";
import {
	type AlertMessage,
	alertMessageSchema,
	alertResultSchema,
} from "../../server/contract/host-alert.ts";
import {
	type GatewayObservation,
	type OrderResult,
	type ReportedObservation,
	type ReportMessage,
	reportMessageSchema,
	reportResultSchema,
	type SentinelObservation,
} from "../../server/contract/host-report.ts";
import { AGENT_TIMING } from "../../server/contract/limits.ts";
import type { Names } from "../../server/contract/names.ts";
import type { Route, RouteChanges, RouteTable } from "../../server/contract/routes.ts";
import {
	type TransferState,
	transferInputSchema,
	transferStateSchema,
} from "../../server/contract/transfer.ts";

/** A notice as a test gives it, without the number that it will get. */
type NewNotice = Notice extends infer One ? (One extends Notice ? Omit<One, "seq"> : never) : never;

/** Password of the Sentinels' own ports. */
export const SENTINEL_PASSWORD = "password-of-the-sentinels-doors";

type Held = z.output<typeof watchInputSchema>;

/**
 * The control plane's half of the agent protocol over real HTTP and tRPC, without a database. It remembers
 * what agents report and serves the desired state that a test sets.
 */
export class FakeControlPlane {
	hostId = randomUUID();
	epoch = 1;
	credential: string | null = null;
	/** Answers 401 to every agent, as a control plane that lost its database would. */
	forgetful = false;
	/** Speaks none of the agent's versions of the protocol. */
	foreign = false;
	refusedCalls = 0;
	/** Answers reports with an error, like a control plane whose database fails. */
	failsToStore = false;
	readonly reports: ReportMessage[] = [];
	readonly alerts: AlertMessage[] = [];
	/** The reports that it failed to store. */
	readonly refusedReports: ReportMessage[] = [];
	readonly events: ReportMessage["events"] = [];
	readonly metrics: ReportMessage["metrics"] = [];
	readonly usage: ReportMessage["usage"] = [];
	readonly orderResults: OrderResult[] = [];
	/** By id. Their files are on this machine. */
	readonly transfers = new Map<string, TransferState>();
	observations: ReportedObservation[] | null = null;
	gateway: GatewayObservation | null = null;
	sentinel: SentinelObservation | null = null;
	/** When the observations above arrived. */
	observedAt = 0;
	enrollments = 0;
	/** The interval named in every answer to a report. */
	heartbeatMs: number = AGENT_TIMING.heartbeatMs;
	revision = 0;
	/** Ids of assignments that this control plane, restored from a backup, looks for. */
	unlocated: string[] = [];
	private assignments: Assignment[] = [];
	private names: Names | null = null;
	private notices: Notice[] = [];
	private heldNotice = -1;
	private heldRevision = -1;
	private routeTable: RouteTable = {
		...{ revision: 0, routes: [], sentinelPassword: SENTINEL_PASSWORD },
	};
	/** Earlier route tables, which agents may still hold. */
	private readonly formerTables: RouteTable[] = [];
	private readonly changes = new EventEmitter();
	private server: FastifyInstance | null = null;
	private port = 0;

	get url(): string {
		return `http://127.0.0.1:${this.port}`;
	}

	/** Listens on a free port; after a stop, on the same one. */
	async start(): Promise<void> {
		const server = Fastify({ forceCloseConnections: true });
		await server.register(fastifyTRPCPlugin, {
			prefix: "/api/agent",
			trpcOptions: {
				router: this.router(),
				createContext: ({ req }: CreateFastifyContextOptions) => ({
					bearer: req.headers.authorization?.replace(/^Bearer /, "") ?? "",
				}),
			},
		});
		await server.listen({ host: "127.0.0.1", port: this.port });
		const address = server.server.address();
		this.port = typeof address === "object" && address !== null ? address.port : 0;
		this.server = server;
	}

	/** Disappears without notice: calls in progress are cut off. */
	async stop(): Promise<void> {
		await this.server?.close();
		this.server = null;
	}

	setAssignments(assignments: Assignment[]): void {
		this.assignments = assignments;
		this.revision++;
		this.changes.emit("desired");
	}

	/** Waits until the agent acts on the newest assignments. */
	async untilHeld(): Promise<void> {
		const { revision } = this;
		await this.until("the agent holds the new assignments", () => this.heldRevision >= revision);
	}

	setNames(names: Names | null): void {
		this.names = names;
		this.revision++;
		this.changes.emit("desired");
	}

	setRoutes(routes: Route[]): void {
		this.formerTables.push(this.routeTable);
		this.routeTable = { ...this.routeTable, revision: this.routeTable.revision + 1, routes };
		this.changes.emit("desired");
	}

	/** Notifies the agent at once. */
	notify(notice: NewNotice): void {
		this.notices.push({ ...notice, seq: this.notices.length });
		this.changes.emit("desired");
	}

	/** Gives a failover order, waits for its result, and makes the gateway follow. */
	async order(order: FailoverOrder): Promise<OrderResult> {
		this.notify({ kind: "failover", order });
		const result = await this.until("the order's result", () =>
			this.orderResults.find(({ id }) => id === order.id),
		);
		// As the control plane does: on a busy machine, an engine may not answer in time. One without data will do so again.
		if (result.outcome === "failed" && !result.message.includes("hasn't synced")) {
			return await this.order({ ...order, id: randomUUID() });
		}
		if (result.leaderNodeId === null || order.clusterMode === "enabled") return result;
		this.notify({ kind: "leader", cacheId: order.cacheId, nodeId: result.leaderNodeId });
		const { length } = this.notices;
		await this.until("the agent to act on the notice", () => this.heldNotice >= length - 1);
		this.notify({ kind: "endpoints-follow", orderId: order.id });
		return result;
	}

	observationOf(assignmentId: string): ReportedObservation | undefined {
		return this.observations?.find((each) => each.assignmentId === assignmentId);
	}

	/**
	 * Waits until `find` finds something in the newest reports, and returns it. Otherwise throws with the last
	 * observations.
	 */
	async until<T>(
		what: string,
		find: () => T | undefined | null | false,
		timeoutMs = 60_000,
	): Promise<T> {
		const signal = AbortSignal.timeout(timeoutMs);
		for (;;) {
			const found = find();
			if (found) return found;
			try {
				await once(this.changes, "report", { signal });
			} catch {
				throw new Error(
					`not within ${timeoutMs} ms: ${what}; last: ${JSON.stringify(this.observations)}`,
				);
			}
		}
	}

	private router() {
		const t = initTRPC.context<{ bearer: string }>().create({
			errorFormatter: ({ shape }) =>
				this.foreign ? { ...shape, data: { ...shape.data, field: "protocol" } } : shape,
		});
		const known = t.procedure.use(({ ctx, next }) => {
			if (this.foreign) {
				this.refusedCalls++;
				throw new TRPCError({ code: "UNPROCESSABLE_CONTENT" });
			}
			if (this.forgetful || ctx.bearer === "" || ctx.bearer !== this.credential) {
				throw new TRPCError({ code: "UNAUTHORIZED" });
			}
			return next();
		});
		return t.router({
			enrol: t.procedure
				.input(enrollInputSchema)
				.output(enrollResultSchema)
				.mutation(({ input }) => {
					this.enrollments++;
					this.credential = input.credential;
					return { hostId: this.hostId };
				}),
			watch: known
				.input(watchInputSchema)
				.output(watchResultSchema)
				.mutation(async ({ input }) => {
					this.heldNotice = input.notice;
					this.heldRevision = input.revision;
					this.changes.emit("report");
					if (this.isHeld(input)) {
						const signal = AbortSignal.timeout(25_000);
						await once(this.changes, "desired", { signal }).catch(() => {});
					}
					return this.answer(input);
				}),
			transfer: known
				.input(transferInputSchema)
				.output(transferStateSchema)
				.mutation(({ input }) => {
					const state = this.transfers.get(input.transferId);
					if (state === undefined) throw new TRPCError({ code: "NOT_FOUND" });
					return state;
				}),
			alert: known
				.input(alertMessageSchema)
				.output(alertResultSchema)
				.mutation(({ input }) => {
					this.alerts.push(input);
					this.changes.emit("report");
					return { accepted: true as const };
				}),
			report: known
				.input(reportMessageSchema)
				.output(reportResultSchema)
				.mutation(({ input }) => {
					if (this.failsToStore) {
						this.refusedReports.push(input);
						this.changes.emit("report");
						throw new TRPCError({ code: "INTERNAL_SERVER_ERROR" });
					}
					this.take(input);
					return { accepted: true as const, heartbeatMs: this.heartbeatMs };
				}),
		});
	}

	/** Sends notices on their own, as the control plane does: they mustn't wait for its database. */
	private answer(held: Held): WatchResult {
		const { epoch } = this;
		const notices = this.newerNotices(held);
		if (notices.length > 0) return { epoch, desired: null, notices };
		if (this.isHeld(held)) return null;
		const isCurrent = held.epoch === epoch && held.revision >= this.revision;
		const desired = isCurrent ? null : this.desired();
		const routes = this.routeChanges(held.routeRevision);
		return { epoch, desired, notices, routes, ...(desired && { names: this.names }) };
	}

	/** What differs from the table of that revision; null if nothing does. */
	private routeChanges(heldRevision: number): RouteChanges | null {
		const { revision, routes, sentinelPassword } = this.routeTable;
		if (heldRevision === revision) return null;
		const held = this.formerTables.find((table) => table.revision === heldRevision);
		const before = new Map(held?.routes.map((route) => [route.cacheId, JSON.stringify(route)]));
		const ids = new Set(routes.map(({ cacheId }) => cacheId));
		return {
			...{ revision, whole: held === undefined, sentinelPassword },
			routes: routes.filter((route) => before.get(route.cacheId) !== JSON.stringify(route)),
			gone: [...before.keys()].filter((cacheId) => !ids.has(cacheId)),
		};
	}

	private isHeld(held: Held): boolean {
		return (
			held.epoch === this.epoch &&
			held.revision >= this.revision &&
			held.routeRevision >= this.routeTable.revision &&
			this.newerNotices(held).length === 0
		);
	}

	private newerNotices(held: Held): Notice[] {
		const newest = held.epoch === this.epoch ? held.notice : -1;
		return this.notices.filter(({ seq }) => seq > newest);
	}

	private desired(): DesiredState {
		const { revision, epoch, hostId, assignments, unlocated } = this;
		return {
			...{ revision, epoch, hostId, assignments, unlocated },
			deleted: [],
			routeTable: null,
		};
	}

	private take(report: ReportMessage): void {
		this.reports.push(report);
		this.events.push(...report.events);
		this.metrics.push(...report.metrics);
		this.usage.push(...report.usage);
		if (report.observations !== null) {
			this.observations = report.observations;
			this.observedAt = performance.now();
		}
		if (report.gateway !== null) this.gateway = report.gateway;
		if (report.sentinel !== null) this.sentinel = report.sentinel;
		this.orderResults.push(...report.orders);
		this.changes.emit("report");
	}
}
