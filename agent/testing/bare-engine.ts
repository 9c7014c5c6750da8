import { bareEngines } from "../../platform/testing/bare-engine.ts";
import { findEngine } from "../bundles/index.ts";
import { freePort } from "./agent-fixture.ts";

export type { BareEngine } from "../../platform/testing/bare-engine.ts";

export const { startBareEngine, startBareCluster } = bareEngines({ findEngine, freePort });
