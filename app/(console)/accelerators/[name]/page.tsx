import type { Metadata } from "next";
import { WithData } from "../../../_lib/with-data.tsx";
import { AcceleratorDetail } from "./accelerator-detail.tsx";

interface AcceleratorAddress {
	params: Promise<{ name: string }>;
}

export async function generateMetadata({ params }: AcceleratorAddress): Promise<Metadata> {
	const { name } = await params;
	return { title: decodeURIComponent(name) };
}

export default async function AcceleratorPage({ params }: AcceleratorAddress) {
	const name = decodeURIComponent((await params).name);
	return (
		<WithData load={({ trpc, load }) => load(trpc.accelerators.get.queryOptions({ name }))}>
			<AcceleratorDetail />
		</WithData>
	);
}
