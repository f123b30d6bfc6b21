//! Draws one replayed day as SVG that reads well on light and dark paper.

mod shapes;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use simulation::MinuteRecord;

use crate::failure::{Blame, Done};
use crate::output::{counted, grouped};

use super::day::Day;
use shapes::{Clock, band, closed, lost, marks, stairs};

const WIDTH: u32 = 1200;
const HEIGHT: u32 = 540;
/// Height of the strip with title and legend.
const HEAD: u32 = 84;
/// A clock time below the picture every so many minutes.
const TICK: usize = 180;
/// Marks closer than this are one, in minutes: their words would overlap.
const ONE_MARK: f64 = 180.0;

const PAPER: RGBColor = RGBColor(255, 255, 255);
const INK: RGBColor = RGBColor(31, 35, 40);
const MUTED: RGBColor = RGBColor(89, 99, 110);
const RULE: RGBColor = RGBColor(222, 227, 232);
const DEMAND: RGBColor = RGBColor(9, 80, 174);
const CAPACITY: RGBColor = RGBColor(26, 127, 75);
const FLOOR: RGBColor = RGBColor(27, 128, 76);
const BAND: RGBColor = RGBColor(191, 135, 0);
const LOST: RGBColor = RGBColor(207, 34, 46);

/// Each colour and what stands in its place on dark paper.
const DARK: [(RGBColor, &str); 9] = [
    (PAPER, "#0d1117"),
    (INK, "#e6edf3"),
    (MUTED, "#9198a1"),
    (RULE, "#2d333b"),
    (DEMAND, "#6cb6ff"),
    (CAPACITY, "#57ab5a"),
    (FLOOR, "#56aa59"),
    (BAND, "#d4a72c"),
    (LOST, "#ff7b72"),
];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn<T = ()> = Result<T, DrawingAreaErrorKind<std::io::Error>>;

/// The picture of `day`.
pub(crate) fn draw(day: &Day<'_>) -> Done<String> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
        paint(&root, day).failed(|| "the picture of the day cannot be drawn")?;
    }
    Ok(dressed(&svg, day))
}

fn paint(root: &Area<'_>, day: &Day<'_>) -> Drawn {
    root.fill(&PAPER)?;
    let (head, body) = root.split_vertically(HEAD);
    title(&head, day)?;
    legend(&head)?;
    plot(&body, day)?;
    root.present()
}

fn text(size: u32, colour: &'static RGBColor) -> TextStyle<'static> {
    TextStyle::from(("sans-serif", size).into_font()).color(colour)
}

fn title(head: &Area<'_>, day: &Day<'_>) -> Drawn {
    let zone = day.target.zone.iana_name().unwrap_or("UTC");
    let date = day.date.strftime("%A, %-d %B %Y");
    let line = format!("{}: {date}, {zone}", day.target.name);
    head.draw(&Text::new(line, (24, 18), text(20, &INK)))
}

fn legend(head: &Area<'_>) -> Drawn {
    let y = 58;
    let swatch = |x: i32, high: i32, style: ShapeStyle| {
        Rectangle::new([(x, y - high), (x + 26, y + high)], style)
    };
    let entries: [(&str, i32); 5] = [
        ("demand", 24),
        ("forecast, p50 to p99", 130),
        ("capacity in service", 326),
        ("planned floor (MinSize)", 516),
        ("demand above capacity", 730),
    ];
    head.draw(&swatch(entries[0].1, 1, DEMAND.filled()))?;
    head.draw(&swatch(entries[1].1, 7, BAND.mix(0.5).filled()))?;
    head.draw(&swatch(entries[2].1, 7, CAPACITY.mix(0.14).filled()))?;
    head.draw(&swatch(entries[2].1, 1, CAPACITY.filled()))?;
    for dash in [0, 10, 20] {
        let from = entries[3].1 + dash;
        head.draw(&Rectangle::new(
            [(from, y - 1), (from + 6, y + 1)],
            FLOOR.filled(),
        ))?;
    }
    head.draw(&swatch(entries[4].1, 7, LOST.mix(0.8).filled()))?;
    for (name, x) in entries {
        head.draw(&Text::new(name, (x + 34, y - 8), text(15, &MUTED)))?;
    }
    Ok(())
}

fn plot(body: &Area<'_>, day: &Day<'_>) -> Drawn {
    let minutes = day.records.len() as f64;
    let capacity = |index: usize| f64::from(day.records[index].in_service) * day.throughput;
    let floor = |index: usize| f64::from(day.records[index].min_size) * day.throughput;
    let demand = demand(day);
    let top = highest(day) * 1.1;
    let clock = Clock {
        start: day.records[0].at,
        zone: day.target.zone.clone(),
        minutes,
    };
    let mut chart = ChartBuilder::on(body)
        .margin_bottom(12)
        .margin_left(12)
        .margin_right(12)
        .x_label_area_size(34)
        .y_label_area_size(76)
        .right_y_label_area_size(58)
        .build_cartesian_2d(clock, 0.0..top)?
        .set_secondary_coord(0.0..minutes, 0.0..top / day.throughput);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .bold_line_style(RULE)
        .light_line_style(TRANSPARENT)
        .axis_style(RULE)
        .label_style(text(14, &MUTED))
        .axis_desc_style(text(14, &MUTED))
        .y_labels(7)
        .y_desc("requests per minute")
        .y_label_formatter(&|value| grouped(*value))
        .draw()?;
    chart
        .configure_secondary_axes()
        .axis_style(RULE)
        .label_style(text(14, &MUTED))
        .axis_desc_style(text(14, &MUTED))
        .y_labels(7)
        .y_desc("servers")
        .y_label_formatter(&|value| format!("{value:.0}"))
        .draw()?;
    let served = stairs(day.records.len(), capacity);
    chart.draw_series([Polygon::new(
        closed(&served, minutes),
        CAPACITY.mix(0.14).filled(),
    )])?;
    chart.draw_series(band(day))?;
    let floors = stairs(day.records.len(), floor);
    chart.draw_series(DashedLineSeries::new(floors, 6, 4, FLOOR.stroke_width(2)))?;
    chart.draw_series(LineSeries::new(served, CAPACITY.stroke_width(2)))?;
    chart.draw_series(LineSeries::new(demand, DEMAND.stroke_width(2)))?;
    for (minute, servers) in marks(day) {
        chart.draw_series([PathElement::new(
            vec![(minute, 0.0), (minute, top * 0.96)],
            LOST.mix(0.7).stroke_width(1),
        )])?;
        let words = format!("responder: {}", counted(servers.into(), "server"));
        let late = minute > 0.85 * minutes;
        let (side, aside) = if late {
            (HPos::Right, -8.0)
        } else {
            (HPos::Left, 8.0)
        };
        let style = text(14, &LOST).pos(Pos::new(side, VPos::Top));
        chart.draw_series([Text::new(words, (minute + aside, top * 0.985), style)])?;
    }
    chart.draw_series(lost(day, capacity))?;
    Ok(())
}

/// Demand in the middle of each minute that knows it.
fn demand(day: &Day<'_>) -> Vec<(f64, f64)> {
    let minutes = day.records.iter().enumerate();
    minutes
        .filter(|(_, record)| record.demand.is_finite())
        .map(|(index, record)| (index as f64 + 0.5, record.demand))
        .collect()
}

/// The highest that is drawn, at least one server.
fn highest(day: &Day<'_>) -> f64 {
    let servers = |record: &MinuteRecord| record.in_service.max(record.min_size);
    let capacity = |record| f64::from(servers(record)) * day.throughput;
    let forecast = day.band.iter().map(|(_, _, high)| *high);
    let minutes = day.records.iter();
    minutes
        .flat_map(|record| [capacity(record), record.demand])
        .chain(forecast)
        .fold(day.throughput, f64::max)
}

/// The drawing with a description for those who cannot see it, and colours for dark paper.
fn dressed(svg: &str, day: &Day<'_>) -> String {
    let hex = |colour: RGBColor| format!("#{:02X}{:02X}{:02X}", colour.0, colour.1, colour.2);
    let mut style = String::from(
        "text{font-family:system-ui,-apple-system,\"Segoe UI\",Helvetica,Arial,sans-serif}\
         @media (prefers-color-scheme:dark){",
    );
    for (light, dark) in DARK {
        let light = hex(light);
        style.push_str(&format!(
            "[fill=\"{light}\"]{{fill:{dark}}}[stroke=\"{light}\"]{{stroke:{dark}}}"
        ));
    }
    style.push('}');
    let name = &day.target.name;
    let title = format!("Demand, forecast and capacity of {name} on {}", day.date);
    let dress = format!("<title>{title}</title><style>{style}</style>");
    match svg.split_once('>') {
        Some((opening, rest)) => format!("{opening} role=\"img\">{dress}{rest}"),
        None => svg.to_owned(),
    }
}
