import type { Metadata } from "next";
import { WithData } from "../../../_lib/with-data.tsx";
import { SnapshotDetail } from "./snapshot-detail.tsx";

interface SnapshotAddress {
	params: Promise<{ name: string }>;
}

export async function generateMetadata({ params }: SnapshotAddress): Promise<Metadata> {
	const { name } = await params;
	return { title: decodeURIComponent(name) };
}

export default async function SnapshotPage({ params }: SnapshotAddress) {
	const name = decodeURIComponent((await params).name);
	return (
		<WithData load={({ trpc, load }) => load(trpc.snapshots.get.queryOptions({ name }))}>
			<SnapshotDetail />
		</WithData>
	);
}
