import type { Metadata } from "next";
import { ParameterGroupDetail } from "./parameter-group-detail.tsx";

export async function generateMetadata({
	params,
}: {
	params: Promise<{ name: string }>;
}): Promise<Metadata> {
	const { name } = await params;
	return { title: decodeURIComponent(name) };
}

export default function ParameterGroupPage() {
	return <ParameterGroupDetail />;
}
