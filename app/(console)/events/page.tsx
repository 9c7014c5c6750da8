import type { Metadata } from "next";
import { PageHeader } from "../../_ui/page-header.tsx";
import { EventList } from "./event-list.tsx";

export const metadata: Metadata = { title: "Events" };

export default function EventsPage() {
	return (
		<>
			<PageHeader crumbs={[{ label: "Events" }]} title="Events" />
			<EventList />
		</>
	);
}
