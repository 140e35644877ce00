include!("routes.rs");

/// Stations: A weather station measures and reports. It has a "place", an owner and a key with which it signs in.
#[allow(rustdoc::broken_intra_doc_links, rustdoc::invalid_html_tags, rustdoc::bare_urls)]
pub mod station {
    include!("domain/station.rs");
}
