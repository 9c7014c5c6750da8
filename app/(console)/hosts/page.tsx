import type { Metadata } from "next";
import { HostList } from "./host-list.tsx";

export const metadata: Metadata = { title: "Hosts" };

export default function HostsPage() {
	return <HostList />;
}
