import { accelerators } from "./sections/accelerators.ts";
import { account } from "./sections/account.ts";
import { audit } from "./sections/audit.ts";
import { caches } from "./sections/caches.ts";
import { engineVersions, nodeTypes, rateCard } from "./sections/catalog.ts";
import { controlPlane } from "./sections/control-plane.ts";
import { costs, usage } from "./sections/costs.ts";
import { events } from "./sections/events.ts";
import { hosts, overview } from "./sections/hosts.ts";
import { labRuns } from "./sections/lab-runs.ts";
import { migrations } from "./sections/migrations.ts";
import { parameterGroups } from "./sections/parameter-groups.ts";
import { snapshots } from "./sections/snapshots.ts";
import { stores } from "./sections/stores.ts";
import { tokens } from "./sections/tokens.ts";
import { users } from "./sections/users.ts";
import { router } from "./trpc.ts";

/** Every use case of the API; REST is made from the same table (api/rest). */
export const appRouter = router({
	accelerators,
	account,
	audit,
	caches,
	controlPlane,
	costs,
	engineVersions,
	events,
	hosts,
	labRuns,
	nodeTypes,
	overview,
	parameterGroups,
	rateCard,
	migrations,
	snapshots,
	stores,
	tokens,
	usage,
	users,
});
export type AppRouter = typeof appRouter;
