export { programNameSchema } from "./bundle-name.ts";
export type { InstalledEngine } from "./engine-store.ts";
export { EngineUnavailableError } from "./engine-unavailable-error.ts";
export {
	ensureEngine,
	ensureEngines,
	findEngine,
	listEngines,
	type WantedEngine,
} from "./ensure-engine.ts";
export { StoreWatch } from "./store-watch.ts";
