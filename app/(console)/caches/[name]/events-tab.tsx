"use client";

import type { Cache } from "../../../../server/contract/cache-view.ts";
import { EventList } from "../../events/event-list.tsx";

export function EventsTab({ cache }: { cache: Cache }) {
	return <EventList cache={cache.name} />;
}
