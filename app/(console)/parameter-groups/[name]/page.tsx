import type { Metadata } from "next";
import { WithData } from "../../../_lib/with-data.tsx";
import { ParameterGroupDetail } from "./parameter-group-detail.tsx";

interface GroupAddress {
	params: Promise<{ name: string }>;
}

export async function generateMetadata({ params }: GroupAddress): Promise<Metadata> {
	const { name } = await params;
	return { title: decodeURIComponent(name) };
}

export default async function ParameterGroupPage({ params }: GroupAddress) {
	const name = decodeURIComponent((await params).name);
	return (
		<WithData load={({ trpc, load }) => load(trpc.parameterGroups.get.queryOptions({ name }))}>
			<ParameterGroupDetail />
		</WithData>
	);
}
