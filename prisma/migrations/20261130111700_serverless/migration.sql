-- AlterTable
ALTER TABLE "Cache" ADD COLUMN     "evictionPolicy" TEXT,
ADD COLUMN     "limits" JSONB,
ADD COLUMN     "recentScaling" JSONB;

-- CreateTable
CREATE TABLE "ScalingDecision" (
    "id" TEXT NOT NULL,
    "cacheId" TEXT NOT NULL,
    "at" TIMESTAMP(3) NOT NULL,
    "fromMemoryBytes" BIGINT NOT NULL,
    "fromShards" INTEGER NOT NULL,
    "toMemoryBytes" BIGINT NOT NULL,
    "toShards" INTEGER NOT NULL,
    "trigger" TEXT NOT NULL,
    "reason" TEXT NOT NULL,

    CONSTRAINT "ScalingDecision_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "ScalingDecision_cacheId_at_id_idx" ON "ScalingDecision"("cacheId", "at", "id");

-- CreateIndex
CREATE INDEX "ScalingDecision_at_idx" ON "ScalingDecision"("at");

-- AddForeignKey
ALTER TABLE "ScalingDecision" ADD CONSTRAINT "ScalingDecision_cacheId_fkey" FOREIGN KEY ("cacheId") REFERENCES "Cache"("id") ON DELETE CASCADE ON UPDATE CASCADE;
