import { eventPageSchema, listEventsInputSchema } from "../../../contract/index.ts";
import { listEvents } from "../../../services/list-events.ts";
import { requires, router } from "../trpc.ts";

export const events = router({
	list: requires("event:read")
		.meta({
			rest: { method: "GET", path: "/events", status: 200, tag: "Events", summary: "List events" },
		})
		.input(listEventsInputSchema)
		.output(eventPageSchema)
		.query(({ ctx, input }) => listEvents(ctx.resources, input)),
});
