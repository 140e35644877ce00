/// Calls a macro with `tool => RequestType, DataType;` for every tool, so that a test can visit all types.
#[macro_export]
macro_rules! each_tool {
    ($visit:ident) => {
        $visit! {
            "feed.report" => $crate::generated::station::FeedReportRequest, $crate::generated::station::FeedReportData;
            "station.create" => $crate::generated::station::StationCreateRequest, $crate::generated::NoData;
            "station.delete" => $crate::generated::station::StationDeleteRequest, $crate::generated::station::StationDeleteData;
            "station.latest" => $crate::generated::station::StationLatestRequest, $crate::generated::station::StationLatestData;
            "station.list" => $crate::generated::station::StationListRequest, $crate::generated::station::StationListData;
            "station.metrics" => $crate::generated::station::StationMetricsRequest, $crate::generated::station::StationMetricsData;
            "station.settings" => $crate::generated::station::StationSettingsRequest, $crate::generated::NoData;
            "station.watch" => $crate::generated::station::StationWatchRequest, $crate::generated::station::StationWatchData;
        }
    };
}
