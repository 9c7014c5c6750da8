import type { Logger } from "../../platform/logger.ts";
import type { Engine, Severity } from "../../server/contract/enums.ts";
import type { EngineDriver } from "../drivers/driver.ts";
import { memcachedDriver } from "../drivers/memcached.ts";
import { valkeyDriver } from "../drivers/valkey.ts";
import type { LivenessWatch } from "../supervisor/liveness-watch.ts";
import type { EngineProvider } from "./engine-provider.ts";

export interface InstanceEvent {
	readonly severity: Severity;
	readonly type: string;
	readonly message: string;
	/** Null for what concerns several. */
	readonly assignmentId: string | null;
}

/** What every instance of a host shares. */
export interface InstanceContext {
	readonly homeDir: string;
	readonly bindAddress: string;
	readonly advertisedAddress: string;
	readonly liveness: LivenessWatch;
	readonly engines: EngineProvider;
	readonly logger: Logger;
	/** Whether the control plane has answered lately, so that what is wanted is what it wants today. */
	inTouch(): boolean;
	/** Something that the control plane waits for may have changed. */
	onChange(): void;
	onEvent(event: InstanceEvent): void;
}

const drivers: Record<Engine, EngineDriver> = {
	valkey: valkeyDriver("valkey"),
	redis: valkeyDriver("redis"),
	memcached: memcachedDriver,
};

export function driverOf(engine: Engine): EngineDriver {
	return drivers[engine];
}
